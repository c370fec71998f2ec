package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Platform is the simulated S-360: three institutions with their catalogs, stock, orders and
// accounts, served over the REST face of the real one. The zero value works: it keeps everything in
// memory and starts on first use. The exported fields are options, to be set before that. All methods
// are safe for concurrent use.
type Platform struct {
	// Seed decides everything that looks like chance: what others bought, which seats, which calls meet
	// a fault of some probability. 0 means 1.
	Seed uint64
	// Clock is the platform's time; nil is real time, which can still be moved by the control face.
	Clock *Clock
	// RatePerMinute is the calls an institution takes per fixed minute, over all its services. 0 means
	// 180, negative is no limit.
	RatePerMinute int
	// LimitStatus is the HTTP status of a call over the limit; 0 means 509, 429 is the announced one.
	LimitStatus int
	// CatalogSpacing is the least time between two getCatalogDetailed that start new work. 0 means 10
	// minutes, negative is none. A poll with a requestId starts no new work.
	CatalogSpacing time.Duration
	// ExportSpacing is the least time between two exportList of the same list that begin it, and between two that read it to its
	// end. 0 means one minute, negative is none.
	ExportSpacing time.Duration
	// HoldLifetime is how long an open order lives from the last time something was added. 0 means 15
	// minutes.
	HoldLifetime time.Duration
	// MaxLifetime is how long an open order lives at most. 0 means 60 minutes.
	MaxLifetime time.Duration
	// TokenAge is how old a forged token's iat may be. 0 means 5 s; the published rule is one second,
	// which is too close to the resolution of iat.
	TokenAge time.Duration
	// AsyncCatalog makes the first getCatalogDetailed answer in_progress and a requestId.
	AsyncCatalog bool
	// BarcodeDelay makes barcodes readable only that long after every close.
	BarcodeDelay time.Duration
	// AccountLimit is the most an institution lets us owe, in thousandths; 0 is no limit.
	AccountLimit int64
	// Limits says more about how much the platform takes; RatePerMinute, LimitStatus and CatalogSpacing come before it.
	Limits Limits
	// Skew is how far the platform's clock is off, as callers see it: the Date header and the judgement of iat move by it.
	Skew time.Duration
	// Journal is a file that remembers everything that happened; "" is memory only. At start it is
	// replayed, and a last line that was not written whole is dropped.
	Journal string
	// PublicURL is the base of the picture addresses in the catalog; without it there are none.
	PublicURL string
	// Worlds are the institutions; nil are the three shipped ones. AddWorld adds to either.
	Worlds []World
	// Wallet is how the simulated TIXNGO behaves.
	Wallet WalletOptions
	// Logger receives what an operator wants to know of a simulator; nil is silence.
	Logger *slog.Logger

	start    sync.Once
	startErr error

	mu           sync.Mutex
	clock        *Clock
	base         time.Time
	extra        []World
	institutions []*institution
	byCode       map[string]*institution
	faults       faultList
	slow         []*slowness
	inForce      atomic.Pointer[Limits]
	skew         atomic.Int64
	delivering   sync.Mutex // taken before mu
	sender       *http.Client
	world        sync.RWMutex // held by every call; a restart waits for it
	down         atomic.Bool
	halt         chan struct{} // closed by a restart
	calls        callLog
	limits       map[string]*limits
	pending      map[int64]*parked
	lastRequest  int64
	journal      *journal
	pictures     map[string][]byte
	packed       packed
	warming      sync.WaitGroup // the catalogs written before anybody asked
	schema       soapSchema     // has its own lock
}

// limits is what stands between an institution and too many calls.
type limits struct {
	rate    rateWindow
	month   monthWindow
	noted   monthWindow // as the journal has it
	methods map[string]*spacing
}

// Institution is what a client needs to know to talk to one of the simulated institutions.
type Institution struct {
	Code              string // also the path prefix and the host label
	Name              string
	Currency          string
	TimeZone          string
	Operator          string
	Partner           string
	Secret            string
	PartnerContact    string // contact number of the partner
	PendingMethodCode string // code of the payment method to close orders with
	PointOfSales      int64  // pointOfSalesId of every call
}

// Start loads the journal, if there is one, and makes the platform ready. It is called by the first
// use of anything else; calling it shows a damaged journal early.
func (p *Platform) Start() error {
	p.start.Do(func() { p.startErr = p.begin() })
	return p.startErr
}

// Close ends writing to the journal. The platform must not be used afterwards.
func (p *Platform) Close() error {
	if err := p.Start(); err != nil {
		return err
	}
	p.warming.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(p.noteMonths(), p.journal.close())
}

// AddWorld adds an institution of one's own. It must be called before the platform starts.
func (p *Platform) AddWorld(w World) error {
	if err := w.check(); err != nil {
		return fmt.Errorf("world %s: %w", w.Code, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clock != nil {
		return errors.New("the platform has started: add worlds before")
	}
	p.extra = append(p.extra, w)
	return nil
}

// SetPublicURL sets the base of picture addresses, for when the port is known only after listening.
func (p *Platform) SetPublicURL(base string) {
	_ = p.Start() // a start that fails shows itself in every answer
	p.mu.Lock()
	defer p.mu.Unlock()
	if base = strings.TrimRight(base, "/"); base == p.PublicURL {
		return
	}
	p.PublicURL = base
	if p.clock != nil {
		p.warm()
	}
}

// Institutions lists what can be talked to, the shipped ones first.
func (p *Platform) Institutions() []Institution {
	if p.Start() != nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Institution, 0, len(p.institutions))
	for _, in := range p.institutions {
		out = append(out, in.card())
	}
	return out
}

func (in *institution) card() Institution {
	i := Institution{
		Code: in.w.Code, Name: in.w.Name[in.w.Languages[0]], Currency: in.w.Currency, TimeZone: in.w.TimeZone,
		Operator: in.w.Operator, Partner: in.w.Partner, Secret: in.w.Secret, PartnerContact: in.w.PartnerContact,
		PointOfSales: in.w.PointOfSales.ID,
	}
	for _, m := range in.w.PaymentMethods {
		if m.ID == in.w.pendingMethod() {
			i.PendingMethodCode = m.Code
		}
	}
	return i
}

// Fault arms a misbehaviour for a method ("closeOrder"), or for all of them ("*"). A fault that
// contradicts itself is ignored and logged; Control refuses it instead.
func (p *Platform) Fault(method string, f Fault) {
	if err := f.check(); err != nil {
		p.log().Error("fault ignored", "method", method, "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.arm(method, f)
}

// ClearFaults disarms everything.
func (p *Platform) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults.armed = nil
}

// Calls lists the last calls, oldest first, at most 10,000.
func (p *Platform) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls.list()
}

// Transport carries requests to the platform without a socket. A dropped connection shows as an
// error that wraps io.ErrUnexpectedEOF.
func (p *Platform) Transport() http.RoundTripper { return transport{p} }

type transport struct{ p *Platform }

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	rep := t.p.answer(r)
	if r.Body != nil {
		_ = r.Body.Close() // as the contract of RoundTripper wants
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if rep.cut && rep.body == nil {
		return nil, fmt.Errorf("simulated connection to %s: %w", r.URL.Host, io.ErrUnexpectedEOF)
	}
	body := io.Reader(bytes.NewReader(rep.body))
	if rep.cut {
		body = io.MultiReader(body, brokenReader{})
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", rep.status, statusText(rep.status)), StatusCode: rep.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: rep.header, Body: io.NopCloser(body), ContentLength: int64(rep.length()), Request: r,
	}, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// ServeHTTP is the protocol face: what a client of S-360 talks to.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rep := p.answer(r)
	if rep.cut && rep.body == nil {
		panic(http.ErrAbortHandler) // net/http's way to drop a connection
	}
	for k, v := range rep.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(rep.length()))
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body) // the client may be gone; there is nobody to tell
	if rep.cut {
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

// begin grows the worlds and replays the journal.
func (p *Platform) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = p.Clock
	if p.clock == nil {
		p.clock = &Clock{}
	}
	if p.Seed == 0 {
		p.Seed = 1
	}
	p.limits, p.pending, p.pictures = map[string]*limits{}, map[int64]*parked{}, map[string][]byte{}
	limits := p.optionLimits()
	if err := limits.check(); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	if err := p.Wallet.check(); err != nil {
		return fmt.Errorf("wallet: %w", err)
	}
	p.inForce.Store(&limits)
	p.skew.Store(int64(p.Skew))
	p.sender = newSender()
	p.halt = make(chan struct{})
	return p.load()
}

// load opens the journal, grows the worlds and makes happen again what the journal remembers.
func (p *Platform) load() error {
	p.base = p.clock.Now()
	past, err := p.openJournal()
	if err != nil {
		return err
	}
	if err := p.growWorlds(); err != nil {
		return err
	}
	for n, c := range past {
		if err := p.replay(c); err != nil {
			return fmt.Errorf("journal %s: line %d: %w", p.Journal, n+2, err)
		}
	}
	p.warm()
	return nil
}

func (p *Platform) growWorlds() error {
	worlds := slices.Clone(p.Worlds)
	if worlds == nil {
		var err error
		if worlds, err = shippedWorlds(); err != nil {
			return err
		}
	}
	worlds = append(worlds, p.extra...)
	p.byCode = map[string]*institution{}
	for i, w := range worlds {
		if p.byCode[w.Code] != nil {
			return fmt.Errorf("two worlds have the code %s", w.Code)
		}
		in, err := grow(w, int64(i+1), p.Seed, p.base)
		if err != nil {
			return err
		}
		p.institutions = append(p.institutions, in)
		p.byCode[w.Code] = in
		p.limits[w.Code] = &limits{}
	}
	return nil
}

func (p *Platform) replay(c change) error {
	if c.Do == doClock {
		if p.clock.running() {
			p.clock.shift(c.Offset)
		}
		p.journal.offset = c.Offset
		return nil
	}
	if c.Do == doMonth {
		return p.recallMonth(c)
	}
	in := p.byCode[c.Institution]
	if in == nil {
		return fmt.Errorf("unknown institution %q", c.Institution)
	}
	in.growTo(c.At)
	return in.happen(c)
}

// commit writes a change down and makes it happen. Nothing happens when it cannot be written.
func (p *Platform) commit(in *institution, c change) error {
	if err := p.noteClock(c.At); err != nil {
		return err
	}
	c.Institution = in.w.Code
	if err := p.journal.write(c); err != nil {
		return err
	}
	return in.happen(c)
}

// noteClock writes down how far the clock was moved, if that is news.
func (p *Platform) noteClock(at time.Time) error {
	offset := p.clock.Offset()
	if offset == p.journal.offset {
		return nil
	}
	if err := p.journal.write(change{At: at, Do: doClock, Offset: offset}); err != nil {
		return err
	}
	p.journal.offset = offset
	return nil
}

// settle brings an institution up to now: performances come into sight and overdue holds end.
func (p *Platform) settle(in *institution, now time.Time) error {
	in.hooks.grown = nil
	in.growTo(now)
	if err := p.tellGrowth(in, now); err != nil {
		return err
	}
	for _, o := range in.overdue(now) {
		if err := p.commit(in, change{At: o.Expires, Do: doExpire, ID: o.ID}); err != nil {
			return err
		}
	}
	return nil
}

func (p *Platform) log() *slog.Logger {
	if p.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Logger
}

// wait sleeps on the real clock, or in the bubble of a synctest, unless the caller goes away or the platform restarts.
func wait(ctx context.Context, d time.Duration, halt <-chan struct{}) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-halt:
		return false
	case <-t.C:
		return true
	}
}

func (p *Platform) holdLifetime() time.Duration { return orElse(p.HoldLifetime, 15*time.Minute) }
func (p *Platform) maxLifetime() time.Duration  { return orElse(p.MaxLifetime, time.Hour) }
func (p *Platform) tokenAge() time.Duration     { return orElse(p.TokenAge, 5*time.Second) }

func orElse(d, or time.Duration) time.Duration {
	if d == 0 {
		return or
	}
	return d
}

// statusText names a status, also the one net/http has no text for.
func statusText(status int) string {
	if status == 509 {
		return "Bandwidth Limit Exceeded"
	}
	return http.StatusText(status)
}
