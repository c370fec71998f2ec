package tixngo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Operation names one call; Paths and Gates know it by this name.
type Operation string

// The operations.
const (
	OpInjectTickets    Operation = "injectTickets"
	OpDeleteTickets    Operation = "deleteTickets"
	OpControlTickets   Operation = "controlTickets"
	OpInjectPrivileges Operation = "injectPrivileges"
	OpDeletePrivileges Operation = "deletePrivileges"
	OpChanges          Operation = "changes"
	OpStatusLogs       Operation = "ticketStatusLogs"
	OpTickets          Operation = "tickets"
	OpTicketsLight     Operation = "ticketsLight"
	OpEventTickets     Operation = "eventTickets"
	OpInjectionReport  Operation = "injectionReport"
)

// DefaultPaths returns a fresh map of each operation's path below <base>/organizer. {eventId} stands
// for an event. The documented ones are tickets and report/…; the others are proposals.
func DefaultPaths() map[Operation]string {
	return map[Operation]string{
		OpInjectTickets:    "tickets",
		OpDeleteTickets:    "tickets/delete",
		OpControlTickets:   "tickets/control",
		OpInjectPrivileges: "privileges",
		OpDeletePrivileges: "privileges/delete",
		OpChanges:          "tickets/diff",
		OpStatusLogs:       "report/ticket-status-logs",
		OpTickets:          "report/events/tickets",
		OpTicketsLight:     "report/events/tickets-light",
		OpEventTickets:     "report/events/{eventId}/tickets",
		OpInjectionReport:  "report/injections",
	}
}

// DefaultKeyHeader is the header that carries the key as far as a public page lets us conclude.
const DefaultKeyHeader = "x-tixngo-key"

const (
	defaultCallTimeout  = 60 * time.Second
	defaultMaxResponse  = 64 << 20
	defaultReadingTries = 3
)

// Options says how to reach one organizer. BaseURL, Organizer, Key and Clock are mandatory.
type Options struct {
	// BaseURL ends with /organizer, such as https://api.tixngo.io/v3/organizer. The form that S-360's
	// interface wants, which ends with /organizer/tickets, is understood too.
	BaseURL string
	// Organizer is our name for the organizer; it goes to the Gate and the log only.
	Organizer string
	// Key is the API key of the organizer's ADMIN account.
	Key Secret
	// KeyHeader is the header that carries the key; "" is DefaultKeyHeader.
	KeyHeader string
	// KeyPrefix stands before the key, such as "Bearer ".
	KeyPrefix string
	// Login is the account's e-mail address, sent in LoginHeader when both are set. TIXNGO does not look
	// at it.
	Login, LoginHeader string
	// Paths replaces single ones of DefaultPaths.
	Paths map[Operation]string
	// Names gives members other names on the wire, where ours are proposals.
	Names Names

	// HTTPClient sends; its redirects are never followed. When nil, one is made over Transport.
	HTTPClient *http.Client
	// Transport is used when HTTPClient is nil; nil means a transport of our own.
	Transport http.RoundTripper
	// Gate decides whether a call may be made and is told what it cost; nil means no limits.
	Gate Gate
	// Clock returns the current time; mandatory.
	Clock func() time.Time
	// Logger gets one debug line per call; nil means none.
	Logger *slog.Logger

	// CallTimeout bounds one HTTP exchange, the wait at the gate excluded; zero means 60 s.
	CallTimeout time.Duration
	// MaxResponseBytes bounds an answer after decompression; zero means 64 MB.
	MaxResponseBytes int64
	// Tries is how often a call is tried that only reads, or that provably never left; zero means 3.
	Tries int
	// Backoff returns the pause before try n (2, 3, …); nil means growing pauses with jitter.
	Backoff func(try int) time.Duration
	// Sleep pauses until d has passed or ctx is done, and then returns ctx's error; nil means a timer.
	Sleep func(ctx context.Context, d time.Duration) error
}

func (o *Options) setDefaults() {
	paths := DefaultPaths()
	for op, path := range o.Paths {
		paths[op] = path
	}
	o.Paths = paths
	if o.KeyHeader == "" {
		o.KeyHeader = DefaultKeyHeader
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = defaultCallTimeout
	}
	if o.MaxResponseBytes == 0 {
		o.MaxResponseBytes = defaultMaxResponse
	}
	if o.Tries == 0 {
		o.Tries = defaultReadingTries
	}
	if o.Gate == nil {
		o.Gate = openGate{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Backoff == nil {
		o.Backoff = growingPause
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	o.BaseURL = strings.TrimSuffix(strings.TrimRight(o.BaseURL, "/"), "/tickets")
	o.HTTPClient = withoutRedirects(o.HTTPClient, o.Transport)
}

// validate returns every problem of the options together.
func (o *Options) validate() error {
	var problems []error
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" {
		problems = append(problems, errors.New("base URL: need http(s)://host/…/organizer"))
	}
	if o.Organizer == "" {
		problems = append(problems, errors.New("organizer: missing"))
	}
	if o.Key == "" || strings.ContainsAny(string(o.Key), "\r\n") {
		problems = append(problems, errors.New("key: missing or of more than one line"))
	}
	if o.Clock == nil {
		problems = append(problems, errors.New("clock: missing"))
	}
	if err := o.Names.Check(); err != nil {
		problems = append(problems, err)
	}
	known := DefaultPaths()
	for op, path := range o.Paths {
		if known[op] == "" {
			problems = append(problems, fmt.Errorf("paths: unknown operation %q", op))
		}
		if strings.Trim(path, "/") == "" {
			problems = append(problems, fmt.Errorf("paths: %s is empty", op))
		}
	}
	return errors.Join(problems...)
}

// withoutRedirects returns a copy of c that hands redirects back: following one would carry the key.
func withoutRedirects(c *http.Client, transport http.RoundTripper) *http.Client {
	if c == nil {
		if transport == nil {
			dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
			transport = &http.Transport{
				Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
				IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
			}
		}
		c = &http.Client{Transport: transport}
	}
	own := *c
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// growingPause returns about 1 s, 2 s, 4 s, …, each between half and one and a half of it.
func growingPause(try int) time.Duration {
	base := time.Second << min(max(try-2, 0), 4)
	return base/2 + rand.N(base)
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
