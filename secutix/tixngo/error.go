package tixngo

import (
	"bytes"
	"encoding/json"
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
	// KindUnavailable: no answer, 408, 502, 503, 504, a redirect, or a page instead of data.
	KindUnavailable Kind = iota + 1
	// KindRateLimited: 429 or 509.
	KindRateLimited
	// KindAuth: 401 or 403; the key, its header or its role is wrong.
	KindAuth
	// KindBusy: 409 or 423, another function of the organizer is running.
	KindBusy
	// KindRequest: the request as a whole was refused, or could not be written.
	KindRequest
	// KindGone: 404 or 410; the configured path or the generation is wrong.
	KindGone
	// KindFault: any other status that is not a success, above all 500.
	KindFault
	// KindDecode: an answer that cannot be read.
	KindDecode
	// KindRefused: our own gate did not let the call pass; Err is the gate's.
	KindRefused
)

// String returns the kind in words.
func (k Kind) String() string {
	switch k {
	case KindUnavailable:
		return "unavailable"
	case KindRateLimited:
		return "rate limited"
	case KindAuth:
		return "not authorised"
	case KindBusy:
		return "another function is running"
	case KindRequest:
		return "request refused"
	case KindGone:
		return "no such path"
	case KindFault:
		return "fault"
	case KindDecode:
		return "unreadable answer"
	case KindRefused:
		return "refused by our gate"
	}
	return "unknown"
}

// Error is the one error type of this package's calls. Its text holds none of the data and none of
// TIXNGO's free text.
type Error struct {
	Kind      Kind
	Operation Operation
	Changing  bool
	// HTTPStatus is zero when there was no answer.
	HTTPStatus int
	// Code is the answer's error code, if it has one.
	Code string
	// Sample is the beginning of the answer with its values blanked, for operators.
	Sample string
	// RetryAfter is how long TIXNGO asked us to wait, zero if it did not.
	RetryAfter time.Duration
	// Sent is false only when the request provably never left.
	Sent bool
	// Err is the cause, if there is one.
	Err error
}

// Error returns the operation, the kind, and the code or the cause.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tixngo: %s: %s", e.Operation, e.Kind)
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

// Uncertain reports whether a changing call may have been carried out, wholly or in part: the request
// may have left and the answer does not refuse it. Sending the same tickets again is the way out; a
// ticket keeps its id, and one that is there already is accepted.
func (e *Error) Uncertain() bool {
	if !e.Changing || !e.Sent {
		return false
	}
	switch e.Kind {
	case KindRateLimited, KindAuth, KindBusy, KindRequest, KindGone, KindRefused:
		return false
	case KindUnavailable, KindFault, KindDecode:
		return true
	}
	return true
}

// statusBandwidthExceeded has no name in net/http.
const statusBandwidthExceeded = 509

// kindOf classes an answer that is not a success.
func kindOf(status int, body []byte) Kind {
	switch status {
	case http.StatusTooManyRequests, statusBandwidthExceeded:
		return KindRateLimited
	case http.StatusUnauthorized, http.StatusForbidden:
		return KindAuth
	case http.StatusConflict, http.StatusLocked:
		return KindBusy
	case http.StatusNotFound, http.StatusGone:
		return KindGone
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusLengthRequired,
		http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return KindRequest
	case http.StatusRequestTimeout, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return KindUnavailable
	}
	switch {
	case status >= 300 && status < 400:
		return KindUnavailable
	case status < 200 || status >= 400:
		return KindFault
	case bytes.HasPrefix(body, []byte("<")):
		return KindUnavailable
	}
	return KindDecode
}

// findCode returns an error body's code. Its place is not known, so some are tried; a text with spaces
// is no code.
func findCode(body []byte) string {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return ""
	}
	for _, name := range []string{"code", "errorCode", "error"} {
		raw, ok := top[name]
		if !ok {
			continue
		}
		var inner map[string]json.RawMessage
		if json.Unmarshal(raw, &inner) == nil && inner != nil {
			raw = inner["code"]
		}
		if s, err := scalar(raw); err == nil && isCode(s) {
			return s
		}
	}
	return ""
}

func isCode(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '.' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

const maxSample = 400

// sample returns the beginning of a body with every text, address and number in it blanked, except
// the names of members.
func sample(body []byte) string {
	text := strings.ToValidUTF8(string(body[:min(len(body), 4<<10)]), "?")
	quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"?(\s*:)?`)
	text = quoted.ReplaceAllStringFunc(text, func(s string) string {
		if strings.HasSuffix(s, ":") && !strings.ContainsAny(s, "0123456789@") {
			return s
		}
		return `"…"`
	})
	text = regexp.MustCompile(`[^\s"'<>@]+@[^\s"'<>@]+|[A-Za-z0-9+/=_.-]{24,}|[0-9]{3,}`).ReplaceAllString(text, "#")
	if r := []rune(text); len(r) > maxSample {
		return string(r[:maxSample])
	}
	return text
}

func parseRetryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
		return max(0, time.Duration(min(s, 86400))*time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(0, t.Sub(now)), 24*time.Hour)
	}
	return 0
}
