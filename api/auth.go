package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// admit lets a request pass that has a good key with one of the route's scopes, within its rate. It answers the others.
func (s *server) admit(c *gin.Context, cl *call) bool {
	if cl.route.open {
		return true
	}
	key, err := s.authenticate(c.Request)
	if err != nil {
		if domain.AsError(err).Kind == domain.Unauthenticated {
			challenge := `Bearer realm="guichet"`
			if c.Request.Header.Get("Authorization") != "" {
				challenge += `, error="invalid_token"`
			}
			c.Writer.Header().Set("WWW-Authenticate", challenge)
		}
		s.refuse(c, err)
		return false
	}
	cl.key = key
	if !s.limits.take(c.Writer.Header(), key.ID, cl.began, &cl.limitLine) {
		e := domain.Errorf(domain.Limited, storefront.CodeKeyRate, "this key may ask %d times a second", s.KeyRate)
		e.RetryAfter = s.limits.wait(key.ID)
		s.refuse(c, e)
		return false
	}
	if !slices.ContainsFunc(cl.route.scopes, key.May) {
		names := make([]string, len(cl.route.scopes))
		for i, sc := range cl.route.scopes {
			names[i] = string(sc)
		}
		c.Writer.Header().Set("WWW-Authenticate", `Bearer realm="guichet", error="insufficient_scope", scope="`+strings.Join(names, " ")+`"`)
		s.refuse(c, needScope(cl.route.scopes...))
		return false
	}
	if !cl.route.kept { // what is kept does not ask the platform, but for seats, which say so themselves
		c.Request = c.Request.WithContext(quota.ForKey(cl, key.ID))
	}
	return true
}

func needScope(scopes ...storefront.Scope) *domain.Error {
	names := make([]string, len(scopes))
	for i, sc := range scopes {
		names[i] = string(sc)
	}
	return domain.Errorf(domain.Forbidden, storefront.CodeKeyScope, "this call needs a key with scope %s", strings.Join(names, " or "))
}

func (s *server) authenticate(r *http.Request) (storefront.Key, error) {
	header := first(r.Header["Authorization"])
	if header == "" {
		return storefront.Key{}, domain.Errorf(domain.Unauthenticated, storefront.CodeKeyAbsent, "send Authorization: Bearer and your key")
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return storefront.Key{}, domain.Errorf(domain.Unauthenticated, storefront.CodeKeyUnknown, "the Authorization scheme must be Bearer")
	}
	return s.Storefront.Authenticate(r.Context(), strings.TrimSpace(token))
}

// sees reports whether the key may look at the institution; an admin key sees all.
func sees(k storefront.Key, code domain.InstitutionCode) bool {
	return k.May(storefront.ScopeAdmin) || k.Sees(code)
}

// mustSee refuses an institution that the key is not bound to.
func mustSee(k storefront.Key, code domain.InstitutionCode) error {
	if sees(k, code) {
		return nil
	}
	return domain.Errorf(domain.Forbidden, storefront.CodeKeyInstitution, "this key is not bound to institution %s", code)
}

// viewer says whose orders the caller may see and change: an admin key's are everybody's.
func viewer(ctx context.Context) sales.Viewer {
	k := callOf(ctx).key
	return sales.Viewer{Storefront: k.Storefront, Institutions: k.Institutions, Everything: k.May(storefront.ScopeAdmin)}
}
