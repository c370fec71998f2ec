package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"guichet/domain"
)

// Hooks takes what platforms push to us. Implementations are safe for concurrent use.
type Hooks interface {
	// Known reports, in a time that tells nothing, whether the token is the one of the institution's webhooks.
	Known(code domain.InstitutionCode, token string) bool
	// Take stores what a push asks for. An error means that the platform has to send it again; content that is not
	// understood is none.
	Take(ctx context.Context, code domain.InstitutionCode, body []byte) error
}

// maxPush is how large a push may be, in bytes.
const maxPush = 10 << 20

type hookInput struct {
	Institution string `path:"institution" doc:"code of the institution"`
	Token       string `path:"token" doc:"the institution's webhook_token"`
}

type hookDTO struct {
	Taken bool `json:"taken" doc:"always true"`
}

// takeHook answers 200 to whatever the platform pushes as soon as what it asks for is stored: anything else is sent again
// a dozen times and then lost.
func (s *server) takeHook(c *gin.Context) {
	code := domain.InstitutionCode(c.Param("institution"))
	if s.Hooks == nil || !s.Hooks.Known(code, c.Param("token")) {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is nothing at this address"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxPush))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			s.refuse(c, tooLarge(maxPush))
			return
		}
		s.refuse(c, notTaken(err))
		return
	}
	if err := s.Hooks.Take(c.Request.Context(), code, body); err != nil {
		s.refuse(c, notTaken(err))
		return
	}
	b, err := encode(hookDTO{Taken: true})
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", b)
}

// notTaken asks the platform to send it again.
func notTaken(cause error) error {
	return domain.Errorf(domain.Unavailable, domain.CodeStoreUnavailable, "it could not be stored; send it again").Because(cause)
}
