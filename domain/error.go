package domain

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is; the HTTP border turns it into a status.
type Kind string

// The kinds, in the order a caller would think of them.
const (
	Invalid         Kind = "invalid"         // the request can never work as sent
	Unauthenticated Kind = "unauthenticated" // no key, or not one we know
	Forbidden       Kind = "forbidden"       // this key may not
	NotFound        Kind = "not_found"
	Conflict        Kind = "conflict" // the world is in another state
	Gone            Kind = "gone"     // it was there
	Limited         Kind = "limited"  // a limit, ours or the platform's
	Unavailable     Kind = "unavailable"
	Upstream        Kind = "upstream" // the platform answered nonsense
	Internal        Kind = "internal"
)

// FieldError names one member of a request that is wrong.
type FieldError struct {
	Pointer string // JSON pointer into the request body, for example "/items/0/quantity"; or "?limit" for a query parameter
	Code    string
	Detail  string
}

// Error is the one error type that crosses package borders. Anything else is Internal and its text stays inside.
type Error struct {
	Kind   Kind
	Code   string // stable and dotted, for example "order.availability"
	Detail string // for people; safe to show to the caller
	Fields []FieldError
	// Expected and Actual are given with order.price_changed.
	Expected, Actual *Money
	// State is where the thing stands that refuses a call because of it: an order's status. Empty says nothing.
	State string
	// RetryAfter is when trying again may help; 0 says nothing.
	RetryAfter time.Duration
	// Uncertain says that a changing call to the platform may have been carried out. Only secutix sets it; only sales
	// (later access and delivery) looks at it.
	Uncertain bool
	// Cause is the error underneath; never shown outside.
	Cause error
}

// Error implements error: code, detail and cause, for logs.
func (e *Error) Error() string {
	s := e.Code
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an error of a kind and code; the text becomes Detail, which the caller may see: never put an inner error's
// text in it, use Because for that.
func Errorf(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Because sets the cause, which logs see and callers do not, and returns the error.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// WithField adds a wrong member and returns the error.
func (e *Error) WithField(pointer, code, detail string) *Error {
	e.Fields = append(e.Fields, FieldError{Pointer: pointer, Code: code, Detail: detail})
	return e
}

// AsError returns the *Error in err's chain; an error of another type becomes an Internal one that wraps it. Nil stays nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: CodeInternal, Cause: err}
}

// HasCode reports whether err's chain holds an *Error with that code.
func HasCode(err error, code string) bool {
	if err == nil {
		return false
	}
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Codes that belong to no package of their own.
const (
	CodeInternal            = "internal"
	CodeRequest             = "request.invalid"      // a request member is wrong; Fields says which
	CodePlatformUnreachable = "platform.unreachable" // the platform did not answer
	CodePlatformAnswer      = "platform.answer"      // the platform answered what cannot be understood
	CodePlatformAuth        = "platform.auth"        // the platform refuses our credentials
	CodePlatformLimited     = "platform.limited"     // the platform's own rate limit
	CodePlatformRefused     = "platform.refused"     // the platform refused, for a reason we do not know
	CodePlatformInProgress  = "platform.in_progress" // the platform is still working on it
	CodePlatformConfig      = "platform.config"      // the platform is not set up for us as it must be
	CodeStoreUnavailable    = "store.unavailable"    // the database does not answer
)
