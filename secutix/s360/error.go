package s360

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is the class of an Error; it says what to do about it.
type Kind int

// Kinds of errors.
const (
	// KindUnavailable: no answer, 502, 503, 504, a redirect, or a page instead
	// of data (maintenance, waiting room).
	KindUnavailable Kind = iota + 1
	// KindRateLimited: 509 or 429. The minute is shared with the institution's
	// other partners, so this is an ordinary event.
	KindRateLimited
	// KindAuth: 401 or 403, after forging or logging in once more.
	KindAuth
	// KindFault: a crash (500) or an answer no other kind fits.
	KindFault
	// KindBusiness: the platform's own status is not success.
	KindBusiness
	// KindDecode: an answer that cannot be read.
	KindDecode
	// KindVersionGone: 404 or 410 on a versioned path; the version may have
	// reached its end of life.
	KindVersionGone
	// KindInProgress: still in progress after all polls.
	KindInProgress
	// KindRefused: our own gate did not let the call pass; Err is the gate's.
	KindRefused
)

var kindNames = [...]string{
	KindUnavailable: "unavailable",
	KindRateLimited: "rate limited",
	KindAuth:        "not authorised",
	KindFault:       "fault",
	KindBusiness:    "refused",
	KindDecode:      "unreadable answer",
	KindVersionGone: "version gone",
	KindInProgress:  "in progress",
	KindRefused:     "refused by our gate",
}

// String returns the kind in words.
func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kindNames) {
		return "unknown"
	}
	return kindNames[k]
}

// Error is the one error type of this package's calls. Its text holds neither
// the platform's free text nor any of the data.
type Error struct {
	Kind Kind
	// Service and Method name the call, Changing its class.
	Service  string
	Method   string
	Changing bool
	// HTTPStatus is zero when there was no answer.
	HTTPStatus int
	// Code is the first error.… token of the answer, else its status.
	Code string
	// Detail is the platform's text, shortened and without long runs of digits.
	// It is for operators, not for customers.
	Detail string
	// Expected says that the platform foresaw this refusal (expectedException).
	Expected bool
	// RetryAfter is how long the platform asked us to wait, zero if it did not.
	RetryAfter time.Duration
	// Sample is the beginning of an answer that could not be used, with its
	// values blanked.
	Sample string
	// Sent is false only when the request provably never left.
	Sent bool
	// Accepted says that the platform had answered "in progress" before.
	Accepted bool
	// RequestID is the id to ask again with, of KindInProgress.
	RequestID ID
	// Err is the cause, if there is one.
	Err error

	// login says that the login failed and the call itself was not made.
	login bool
}

func newError(c call, k Kind) *Error {
	return &Error{Kind: k, Service: c.service, Method: c.name, Changing: c.changing, Accepted: c.poll}
}

// Error returns the call, the kind, and the code or the cause.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "s360: %s.%s: %s", e.Service, e.Method, e.Kind)
	if e.Code != "" {
		b.WriteString(": " + e.Code)
	}
	if e.HTTPStatus != 0 && e.HTTPStatus != http.StatusOK {
		b.WriteString(" (HTTP " + strconv.Itoa(e.HTTPStatus) + ")")
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Uncertain reports whether a changing call may have been carried out: the
// request may have left and the answer is not a definite refusal. What was
// accepted as "in progress" stays uncertain whatever happens to later polls,
// short of a refusal the platform foresaw.
func (e *Error) Uncertain() bool {
	if !e.Changing {
		return false
	}
	if e.Accepted {
		return !e.Expected
	}
	if !e.Sent {
		return false
	}
	switch e.Kind {
	case KindRateLimited, KindAuth, KindVersionGone, KindRefused:
		return false
	case KindFault:
		return !e.Expected && !refusesRequest(e.HTTPStatus)
	case KindUnavailable, KindBusiness, KindDecode, KindInProgress:
		return !e.Expected
	}
	return true
}

// refusesRequest reports statuses that say the request itself was not taken.
func refusesRequest(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// statusBandwidthExceeded is today's answer to too many calls; net/http has no
// name for it.
const statusBandwidthExceeded = 509

func isLimited(status int) bool {
	return status == statusBandwidthExceeded || status == http.StatusTooManyRequests
}

func isAuth(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// kindOf returns the kind of an answer that is not a success, from its HTTP
// status and what its body says about itself.
func kindOf(status int, env *envelope, body []byte) Kind {
	switch {
	case isLimited(status):
		return KindRateLimited
	case isAuth(status):
		return KindAuth
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable,
		status == http.StatusGatewayTimeout, status == http.StatusRequestTimeout,
		status >= 300 && status < 400:
		return KindUnavailable
	case env != nil && env.StatusCode != "" && !strings.EqualFold(env.StatusCode, StatusSuccess):
		return KindBusiness
	case status == http.StatusNotFound, status == http.StatusGone:
		return KindVersionGone
	case status < 200, status >= 400:
		return KindFault
	case firstByte(body) == '<':
		return KindUnavailable
	default:
		return KindDecode
	}
}

// findCode returns the first error token of the texts, else the first text.
func findCode(texts ...string) string {
	for _, t := range texts {
		if code := firstErrorToken(t); code != "" {
			return code
		}
	}
	return clip(texts[0], 64)
}

// firstErrorToken finds "error" followed by one or more ".word".
func firstErrorToken(s string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], "error.")
		if i < 0 {
			return ""
		}
		start := from + i
		end := start + len("error")
		for end < len(s) && s[end] == '.' {
			word := end + 1
			for word < len(s) && isWord(s[word]) {
				word++
			}
			if word == end+1 {
				break
			}
			end = word
		}
		if end > start+len("error") {
			return s[start:end]
		}
		from = start + len("error.")
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func parseRetryAfter(v string, now time.Time) time.Duration {
	if v == "" {
		return 0
	}
	if s, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
		return max(0, time.Duration(min(s, 86400))*time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(0, t.Sub(now)), 24*time.Hour)
	}
	return 0
}

const (
	maxDetail = 500
	maxSample = 400
	// longestSecret is more than any token or password weighs.
	longestSecret = 4 << 10
)

// blank hides what must not be seen in texts that came from outside.
type blank struct {
	quoted *regexp.Regexp
	email  *regexp.Regexp
	long   *regexp.Regexp
	digits *regexp.Regexp
}

func newBlank() blank {
	return blank{
		quoted: regexp.MustCompile(`"(?:[^"\\]|\\.)*"?(\s*:)?`),
		email:  regexp.MustCompile(`[^\s"'<>@]+@[^\s"'<>@]+`),
		long:   regexp.MustCompile(`[A-Za-z0-9+/=_.-]*[0-9][A-Za-z0-9+/=_.-]*`),
		digits: regexp.MustCompile(`[0-9]{6,}`),
	}
}

// sample returns the beginning of a body. Of JSON only the member names stay,
// of anything else the words without long numbers and addresses.
func (b blank) sample(body []byte, secrets ...string) string {
	window := body[:min(len(body), 64<<10)]
	text := b.text(string(window), secrets...)
	if len(window) < len(body) {
		// A secret cut in two by the end of the window was not recognised.
		text = text[:max(0, len(text)-longestSecret)]
	}
	if c := firstByte(body); c == '{' || c == '[' {
		text = b.quoted.ReplaceAllStringFunc(text, func(s string) string {
			if strings.HasSuffix(s, ":") && !strings.ContainsAny(s, "0123456789") {
				return s
			}
			return `"…"`
		})
	}
	return clip(b.digits.ReplaceAllString(text, "#"), maxSample)
}

// text blanks secrets, addresses and long runs that hold a digit.
func (b blank) text(s string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, "***")
		}
	}
	s = b.email.ReplaceAllString(s, "***")
	return b.long.ReplaceAllStringFunc(s, func(run string) string {
		if len(run) < 16 || strings.HasPrefix(run, "error.") {
			return run
		}
		return "***"
	})
}
