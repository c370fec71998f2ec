package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/sales"
)

// Codes of refusals that are HTTP's own.
const (
	CodeRequestMalformed     = "request.malformed"      // not JSON, or not whole
	CodeRequestTooLarge      = "request.too_large"      // more bytes than Deps.MaxBody
	CodeRequestMediaType     = "request.media_type"     // a body that is not application/json
	CodeRequestNotAcceptable = "request.not_acceptable" // Accept-Encoding leaves nothing that could be sent
	CodeRequestRequired      = "request.required"       // a member or parameter that must be there
	CodeRequestUnknownMember = "request.unknown_member" // a member or parameter that does not exist, or stands twice
	CodeRequestCursor        = "request.cursor"         // a cursor that is not ours or belongs to another order of the list
	CodeRequestRange         = "request.range"          // a range of bytes that a file does not have
	CodeRouteUnknown         = "route.unknown"
	CodeRouteMethod          = "route.method"
	CodeJobUnknown           = "job.unknown"     // Jobs.Run of a name that does not exist
	CodePictureRate          = "picture.rate"    // a client address asks for too many pictures
	CodePhoneRate            = "wallet.rate"     // a client address asks after passes too often
	CodeProblemUnknown       = "problem.unknown" // GET /problems/{code} of a code that does not exist
)

// statusOfKind is the HTTP status of each kind.
func statusOfKind(k domain.Kind) int {
	switch k {
	case domain.Invalid:
		return http.StatusUnprocessableEntity
	case domain.Unauthenticated:
		return http.StatusUnauthorized
	case domain.Forbidden:
		return http.StatusForbidden
	case domain.NotFound:
		return http.StatusNotFound
	case domain.Conflict:
		return http.StatusConflict
	case domain.Gone:
		return http.StatusGone
	case domain.Limited:
		return http.StatusTooManyRequests
	case domain.Unavailable:
		return http.StatusServiceUnavailable
	case domain.Upstream:
		return http.StatusBadGateway
	case domain.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// statusOfCode are the codes whose status is not their kind's.
func statusOfCode(code string) (status int, ok bool) {
	switch code {
	case CodeRequestMalformed, sales.CodeKeyMissing:
		return http.StatusBadRequest, true
	case CodeRequestTooLarge:
		return http.StatusRequestEntityTooLarge, true
	case CodeRequestMediaType:
		return http.StatusUnsupportedMediaType, true
	case CodeRequestNotAcceptable:
		return http.StatusNotAcceptable, true
	case CodeRequestRange:
		return http.StatusRequestedRangeNotSatisfiable, true
	case CodeRouteMethod:
		return http.StatusMethodNotAllowed, true
	}
	return 0, false
}

// problem is the body of every refusal: RFC 9457, media type application/problem+json.
type problem struct {
	Type          string         `json:"type" doc:"where the code is explained: /problems/ and the code" example:"/problems/order.availability"`
	Title         string         `json:"title" doc:"the code in a few words, always the same"`
	Status        int            `json:"status" doc:"the HTTP status"`
	Detail        string         `json:"detail,omitempty" doc:"what was wrong this time, for people"`
	Instance      string         `json:"instance,omitempty" doc:"the path that was asked"`
	Code          string         `json:"code" doc:"stable and dotted; decide by this" example:"order.availability"`
	RequestID     string         `json:"request_id" doc:"to be named when asking about it"`
	Errors        []problemField `json:"errors,omitempty" nullable:"false" doc:"every member that is wrong"`
	State         string         `json:"state,omitempty" doc:"where the order stands that refuses the call" example:"released"`
	ExpectedTotal *moneyDTO      `json:"expected_total,omitempty" doc:"with order.price_changed: what the request expected"`
	ActualTotal   *moneyDTO      `json:"actual_total,omitempty" doc:"with order.price_changed: what the platform asks now"`

	retryAfter time.Duration
	replayed   string // Idempotency-Replayed
}

type problemField struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the body, or ?name for a parameter" example:"/items/0/quantity"`
	Code    string `json:"code" example:"order.quantity"`
	Detail  string `json:"detail" doc:"for people"`
}

// Error implements error, so that huma passes a problem through.
func (p *problem) Error() string { return p.Code }

// GetStatus tells huma the status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType tells huma the media type.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells huma the headers.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if s := p.retrySeconds(); s > 0 {
		h.Set("Retry-After", strconv.Itoa(s))
	}
	if p.replayed != "" {
		h.Set("Idempotency-Replayed", p.replayed)
	}
	return h
}

// defaultRetry is what a caller is told to wait where nobody knows better.
const defaultRetry = 5 * time.Second

func (p *problem) retrySeconds() int {
	after := p.retryAfter
	if after <= 0 && (p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable) {
		after = defaultRetry
	}
	return int(math.Ceil(after.Seconds()))
}

// problemOf makes the problem of an error. The text of an internal one stays inside: it goes to the request's log line.
func problemOf(ctx context.Context, err error) *problem {
	cl, e := callOf(ctx), domain.AsError(err)
	status, ok := statusOfCode(e.Code)
	if !ok {
		status = statusOfKind(e.Kind)
	}
	p := &problem{
		Type: "/problems/" + e.Code, Title: titleOf(e.Code, status), Status: status, Detail: e.Detail, Instance: cl.path,
		Code: e.Code, RequestID: cl.requestID, State: e.State, retryAfter: e.RetryAfter,
	}
	if e.Kind == domain.Internal {
		cl.failure = err
		p.Code, p.Detail = domain.CodeInternal, ""
		p.Type, p.Title = "/problems/"+p.Code, titleOf(p.Code, status)
		return p
	}
	if status >= http.StatusInternalServerError && e.Cause != nil {
		cl.failure = err
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, problemField(f))
	}
	if e.Expected != nil {
		p.ExpectedTotal = moneyPtr(*e.Expected)
	}
	if e.Actual != nil {
		p.ActualTotal = moneyPtr(*e.Actual)
	}
	return p
}

// asProblem makes any error of a typed handler a problem.
func asProblem(ctx context.Context, err error) error {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	return problemOf(ctx, err)
}

// refuse answers with a problem and ends the request.
func (s *server) refuse(c *gin.Context, err error) {
	p := problemOf(c.Request.Context(), err)
	h := c.Writer.Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	for _, k := range []string{"Etag", "Last-Modified", "Content-Language", "Content-Encoding", "Content-Length", "Vary", "Link", "Content-Disposition"} {
		delete(h, k) // of an answer that was begun
	}
	s.contentHeaders(h)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/problem+json")
	c.Abort()
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"code":"internal"}`)
	}
	c.Writer.WriteHeader(p.Status)
	_, _ = c.Writer.Write(body) // a caller that hung up cannot be told
}

// asProblems is huma's transformer: it turns huma's own refusals into problems of our form.
func (s *server) asProblems(ctx huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := problemOf(ctx.Context(), fromHuma(model))
	if p.Status != model.Status {
		p.Status = model.Status // it has been sent
	}
	return p, nil
}

// fromHuma reads huma's refusal. Only schema faults come this way: syntax, size and media type are checked before.
func fromHuma(m *huma.ErrorModel) *domain.Error {
	if m.Status >= http.StatusInternalServerError {
		return domain.Errorf(domain.Internal, domain.CodeInternal, "").Because(fmt.Errorf("huma: %s", m.Detail))
	}
	if m.Status == http.StatusBadRequest && len(m.Errors) == 0 {
		return domain.Errorf(domain.Invalid, CodeRequestMalformed, "a body is needed")
	}
	e := domain.Errorf(domain.Invalid, domain.CodeRequest, "the request is not as described")
	for _, d := range m.Errors {
		pointer, code, detail := fieldOf(d)
		e.WithField(pointer, code, detail)
	}
	slices.SortStableFunc(e.Fields, func(a, b domain.FieldError) int { return strings.Compare(a.Pointer, b.Pointer) })
	return e
}

var (
	rxRequired = regexp.MustCompile(`^expected required property (\S+) to be present$`)
	rxIndex    = regexp.MustCompile(`\[(\d+)\]`)
)

// fieldOf translates one of huma's faults: "body.items[0].quantity" becomes "/items/0/quantity", "query.limit" "?limit".
func fieldOf(d *huma.ErrorDetail) (pointer, code, detail string) {
	code, detail = domain.CodeRequest, d.Message
	where, path, _ := strings.Cut(d.Location, ".")
	switch where {
	case "query", "path":
		pointer = "?" + path
	case "header":
		pointer = "?" + path
	default:
		if path != "" {
			pointer = "/" + strings.ReplaceAll(rxIndex.ReplaceAllString(path, ".$1"), ".", "/")
		}
	}
	if m := rxRequired.FindStringSubmatch(d.Message); m != nil {
		return pointer + "/" + m[1], CodeRequestRequired, "this member is needed"
	}
	switch {
	case where == "body" && path == "" && !strings.HasPrefix(d.Message, "expected "): // Go's own words about its own types
		return "", code, "a member cannot be read"
	case d.Message == "unexpected property" || d.Message == "unknown query parameter":
		return pointer, CodeRequestUnknownMember, "no such member"
	case strings.HasPrefix(d.Message, "required "):
		return pointer, CodeRequestRequired, "this parameter is needed"
	case strings.HasSuffix(pointer, "/quantity") && strings.HasPrefix(d.Message, "expected number "):
		code = sales.CodeQuantity
	}
	return pointer, code, strings.Replace(detail, "expected ", "must be ", 1)
}

func titleOf(code string, status int) string {
	if x, ok := explain(code); ok {
		return x.Title
	}
	return http.StatusText(status)
}
