package s360

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Ways to authenticate.
const (
	// AuthJWT forges a short-lived token for each call; it costs no call.
	AuthJWT AuthMode = "jwt"
	// AuthLogin asks the platform for a token and keeps it up to five minutes.
	AuthLogin AuthMode = "login"
)

// AuthMode says where tokens come from.
type AuthMode string

// Letter case of the institution code in a forged token.
const (
	SubjectUpper SubjectCase = "upper"
	SubjectLower SubjectCase = "lower"
	SubjectAsIs  SubjectCase = "as_is"
)

// SubjectCase is the letter case of the institution code in a forged token.
type SubjectCase string

// Classes of calls. The class says for whom a call is made, so that a Gate can
// keep room for sales.
const (
	ClassSale    = "sale"
	ClassSettle  = "settle"
	ClassControl = "control"
	ClassRefresh = "refresh"
	ClassAdmin   = "admin"
)

// DefaultVersion is the frozen version of the services this package is written
// against.
const DefaultVersion = "v1_33"

// The frozen versions of the services outside sales.
const (
	contactsVersion = "v2_21"
	controlVersion  = "v1_6"
)

const (
	defaultCallTimeout = 40 * time.Second
	// platformPatience is how long the platform works before it answers "in
	// progress"; a shorter timeout would cut good answers off.
	platformPatience    = 30 * time.Second
	defaultMaxResponse  = 64 << 20
	defaultReadingTries = 3
	defaultMaxPolls     = 12
)

// Secret is text that prints as *** wherever it is formatted or logged.
type Secret string

// String returns ***.
func (Secret) String() string { return "***" }

// GoString returns ***.
func (Secret) GoString() string { return "***" }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText returns ***, so that an encoded configuration does not leak.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Options says how to reach one institution. BaseURL, Institution,
// Operator, Secret and Clock are mandatory; everything else has a default.
type Options struct {
	// BaseURL is the host of the institution, such as
	// https://theatre.ws.secutix.com; a path in it is kept as a prefix.
	BaseURL string
	// Institution is the institution code.
	Institution string
	// Operator is the virtual operator, such as THEATRE_RESELL.
	Operator string
	// Partner is our free name.
	Partner string
	// Secret is the operator's password.
	Secret Secret

	// Auth defaults to AuthJWT.
	Auth AuthMode
	// IssuedAtMillis writes the token's times in milliseconds. Seconds are what
	// every known client sends.
	IssuedAtMillis bool
	// SubjectCase defaults to SubjectUpper.
	SubjectCase SubjectCase
	// Versions by service name, such as "catalogService"; missing ones are
	// DefaultVersion.
	Versions map[string]string

	// HTTPClient sends; its redirects are never followed. When nil, one is made
	// over Transport.
	HTTPClient *http.Client
	// Transport is used when HTTPClient is nil; nil means a transport of our
	// own.
	Transport http.RoundTripper
	// Gate decides whether a call may be made and is told what it cost; nil
	// means no limits.
	Gate Gate
	// Tape is given each exchange when it is over, but for those that ask for a
	// token; nil means nobody. It must be quick, safe for concurrent use, and
	// keep nothing of the bodies.
	Tape func(ctx context.Context, x Exchange)
	// Clock returns the current time; mandatory. Tokens are forged by it.
	Clock func() time.Time
	// Logger gets one debug line per call; nil means none.
	Logger *slog.Logger

	// CallTimeout bounds one HTTP exchange, the wait at the gate excluded. It
	// must exceed 30 s; zero means 40 s.
	CallTimeout time.Duration
	// MaxResponseBytes bounds an answer after decompression; zero means 64 MB.
	MaxResponseBytes int64
	// ReadingTries is how often a reading call is tried; zero means 3.
	ReadingTries int
	// Backoff returns the pause before try n (2, 3, …); nil means growing
	// pauses with jitter.
	Backoff func(try int) time.Duration
	// MaxPolls is how often an "in progress" answer is asked again; zero means
	// 12.
	MaxPolls int
	// PollDelay returns the pause before poll n (1, 2, …); nil means 5 s, then
	// 10 s.
	PollDelay func(poll int) time.Duration
	// Sleep pauses until d has passed or ctx is done, and then returns ctx's
	// error; nil means a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

// validate returns every problem of the options together.
func (o *Options) validate() error {
	var problems []error
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		problems = append(problems, errors.New("base URL: need http(s)://host"))
	}
	for name, value := range map[string]string{
		"institution": o.Institution, "operator": o.Operator, "secret": string(o.Secret),
	} {
		if value == "" {
			problems = append(problems, errors.New(name+": missing"))
		}
	}
	if o.Clock == nil {
		problems = append(problems, errors.New("clock: missing"))
	}
	if o.Auth != AuthJWT && o.Auth != AuthLogin {
		problems = append(problems, fmt.Errorf("auth: unknown mode %q", o.Auth))
	}
	switch o.SubjectCase {
	case SubjectUpper, SubjectLower, SubjectAsIs:
	default:
		problems = append(problems, fmt.Errorf("subject case: unknown %q", o.SubjectCase))
	}
	if o.CallTimeout <= platformPatience {
		problems = append(problems, fmt.Errorf("call timeout: %s does not exceed %s", o.CallTimeout, platformPatience))
	}
	return errors.Join(problems...)
}

func (o *Options) setDefaults() {
	o.Auth = either(o.Auth, AuthJWT)
	o.SubjectCase = either(o.SubjectCase, SubjectUpper)
	o.CallTimeout = either(o.CallTimeout, defaultCallTimeout)
	o.MaxResponseBytes = either(o.MaxResponseBytes, defaultMaxResponse)
	o.ReadingTries = either(o.ReadingTries, defaultReadingTries)
	o.MaxPolls = either(o.MaxPolls, defaultMaxPolls)
	if o.Gate == nil {
		o.Gate = openGate{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Backoff == nil {
		o.Backoff = growingPause
	}
	if o.PollDelay == nil {
		o.PollDelay = pollPause
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	o.HTTPClient = withoutRedirects(o.HTTPClient, o.Transport)
}

// withoutRedirects returns a copy of c that hands redirects back: following one
// would carry the token, and perhaps the order, to a waiting room.
func withoutRedirects(c *http.Client, transport http.RoundTripper) *http.Client {
	if c == nil {
		c = &http.Client{Transport: transport}
		if transport == nil {
			c.Transport = newTransport()
		}
	}
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     time.Minute,
		TLSHandshakeTimeout: 10 * time.Second,
	}
}

func either[T comparable](given, otherwise T) T {
	var zero T
	if given == zero {
		return otherwise
	}
	return given
}

// growingPause returns about 0.5 s, 1 s, 2 s, …, each between half and one and
// a half of it, at most about 12 s.
func growingPause(try int) time.Duration {
	base := 500 * time.Millisecond << min(max(try-2, 0), 4)
	return base/2 + rand.N(base)
}

func pollPause(poll int) time.Duration {
	if poll == 1 {
		return 5 * time.Second
	}
	return 10 * time.Second
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
