package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/account"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/freshness"
	"guichet/domain/quota"
	"guichet/domain/reconcile"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

// Deps is what the API needs. Catalog, Sales, Storefront, Delivery, Mails, Meter, Freshness, Jobs, Answers, Account, Reconcile, CountOrders, Clock, Log and IDs
// are mandatory for New; Operator needs Health and may have Metrics.
type Deps struct {
	Catalog    *catalog.Service
	Sales      *sales.Service
	Storefront *storefront.Service
	Delivery   *delivery.Service
	Mails      *delivery.Mails
	Meter      *quota.Meter
	Jobs       Jobs
	Health     Health
	// Freshness says how fresh availability is, why, and how sure.
	Freshness *freshness.Service
	// Views counts looks for its planner; nil counts none.
	Views *freshness.Views
	// Metrics answers /metrics of the operator's listener; nil answers 404.
	Metrics http.Handler
	// Hooks takes what the platform pushes; nil answers 404.
	Hooks Hooks
	// BounceToken is what the mail relay's webhook shows; empty: there is none.
	BounceToken domain.Secret
	// Observe is told of every answered request: the operation's id (empty where none matched), the method ("other" where
	// none matched), the status and how long it took. Nil is nobody. It must be quick and safe for concurrent use.
	Observe func(operation, method string, status int, took time.Duration)
	// Answers shows what was asked and answered for an order.
	Answers Answers
	// Account is the ledger of what we owe each institution.
	Account *account.Service
	// Reconcile compares what everybody says about sales.
	Reconcile *reconcile.Service
	// CountOrders counts orders by institution and state.
	CountOrders func(ctx context.Context) ([]sales.Count, error)
	Clock       domain.Clock
	Log         *slog.Logger
	IDs         domain.IDs
	Version     string
	// Pictures gives the catalog's pictures in the form wanted; nil has none.
	Pictures  delivery.PictureScaler
	ImageRate int // pictures a second per client address; bursts of twice as many pass; 0 is 100
	// Wallets puts tickets into wallets on phones; nil has none.
	Wallets *delivery.Wallets
	// Pages writes buyers' own pages; nil, or a Delivery without Links, has none.
	Pages    delivery.Pages
	LinkRate int // buyers' pages and files a second per client address; bursts of twice as many pass; 0 is 10
	// ExportAtOnce is how many tickets of an export are printed while the caller waits; 0 prints every export in the background.
	ExportAtOnce int
	KeyRate      int    // requests a second per key; bursts of twice as many pass; 0 is 50
	MaxBody      int64  // bytes of a request body; 0 is 1 MiB
	PublicURL    string // where storefronts reach us, for the document; may be empty
	// MaxKept bounds the bytes of written catalog answers that are kept in memory over all institutions; 0 is 192 MiB.
	// What does not fit is written anew each time.
	MaxKept int64
}

// Jobs shows and starts background jobs. Run inserts a run like the schedule does and does not wait for it; a name that
// does not exist is a domain.NotFound (job.unknown).
type Jobs interface {
	List(ctx context.Context) ([]JobState, error)
	Run(ctx context.Context, name string) error
}

// JobState is what is known of one background job.
type JobState struct {
	Name        string
	Queue       string
	Every       time.Duration // 0 where it has no schedule
	LastRun     time.Time     // zero is never
	LastOutcome string        // what the last good run did
	LastError   string        // of the last failed run; no personal data
	NextRun     time.Time     // zero is not known
	Waiting     int
	Failed      int
}

// Health says whether the process can do its work.
type Health interface {
	Ready(ctx context.Context) []Check
}

// Check is one thing that must be well for the process to be ready.
type Check struct {
	Name   string
	OK     bool
	Detail string
}

// Defaults of Deps.
const (
	defaultKeyRate   = 50
	defaultImageRate = 100
	defaultMaxBody   = 1 << 20
	defaultMaxKept   = 192 << 20
)

// server is the state behind the handlers. It is immutable after New but for its caches, which lock themselves.
type server struct {
	Deps
	auth    map[string]*route // "GET /v1/orders/:id" to its route
	limits  *throttle
	viewers *throttle // of pictures, by client address
	readers *throttle // of buyers' own pages, by client address
	spec    openAPI
	shelves map[domain.InstitutionCode]*shelfSlot
	zones   sync.Map // IANA name to *time.Location

	secure   bool    // we are reached by HTTPS only
	files    *keeper // what is part of the program
	budget   *budget
	encoders *encoders
	serial   atomic.Uint64 // of the last shelf made
	buffers  sync.Pool     // of *bytes.Buffer

	seatBodies seatBodies
}

// New builds the public API. It fails on a missing dependency or a table of operations that contradicts itself.
func New(d Deps) (http.Handler, error) {
	s, engine, err := build(d)
	if err != nil {
		return nil, err
	}
	return s.front(engine), nil
}

func build(d Deps) (*server, *gin.Engine, error) {
	if d.Catalog == nil || d.Sales == nil || d.Storefront == nil || d.Delivery == nil || d.Mails == nil || d.Meter == nil || d.Freshness == nil || d.Jobs == nil ||
		d.Answers == nil || d.Account == nil || d.Reconcile == nil || d.CountOrders == nil || d.Clock == nil || d.Log == nil || d.IDs == nil {
		return nil, nil, errors.New("api: Catalog, Sales, Storefront, Delivery, Mails, Meter, Freshness, Jobs, Account, Reconcile, CountOrders, Clock, Log and IDs are needed")
	}
	if d.KeyRate <= 0 {
		d.KeyRate = defaultKeyRate
	}
	if d.ImageRate <= 0 {
		d.ImageRate = defaultImageRate
	}
	if d.LinkRate <= 0 {
		d.LinkRate = defaultLinkRate
	}
	if d.MaxBody <= 0 {
		d.MaxBody = defaultMaxBody
	}
	if d.Observe == nil {
		d.Observe = func(string, string, int, time.Duration) {}
	}
	if d.MaxKept <= 0 {
		d.MaxKept = defaultMaxKept
	}
	enc, err := newEncoders()
	if err != nil {
		return nil, nil, err
	}
	if d.Delivery.Layouts == nil {
		return nil, nil, errors.New("api: a Delivery with Layouts is needed")
	}
	s := &server{
		Deps: d, secure: strings.HasPrefix(d.PublicURL, "https://"), auth: map[string]*route{}, shelves: map[domain.InstitutionCode]*shelfSlot{}, budget: &budget{most: d.MaxKept}, encoders: enc,
		buffers: sync.Pool{New: func() any { return &bytes.Buffer{} }},
	}
	s.files = newKeeper(&budget{most: d.MaxKept}, enc)
	s.limits, s.viewers = newThrottle(d.Clock, d.KeyRate), newThrottle(d.Clock, d.ImageRate)
	s.readers = newThrottle(d.Clock, d.LinkRate)
	for _, code := range d.Catalog.Institutions {
		s.shelves[code] = &shelfSlot{}
	}
	d.Catalog.Prepare(s.prepare)
	engine := newEngine()
	engine.Use(s.guard)
	engine.NoRoute(func(c *gin.Context) {
		s.refuse(c, domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is nothing at this address"))
	})
	engine.NoMethod(func(c *gin.Context) {
		if allow := c.Writer.Header().Get("Allow"); strings.Contains(allow, http.MethodGet) {
			c.Writer.Header().Set("Allow", allow+", "+http.MethodHead) // answered like GET
		}
		s.refuse(c, domain.Errorf(domain.Invalid, CodeRouteMethod, "this address does not take %s", callOf(c.Request.Context()).method))
	})
	if err := s.mount(engine); err != nil {
		return nil, nil, err
	}
	return s, engine, nil
}

func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.ContextWithFallback = false
	return engine
}

// Operator builds the operator's listener: /healthz (alive), /readyz (able to work) and /metrics, and nothing else.
func Operator(d Deps) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, healthDTO{Status: "ok", Version: d.Version})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		status, body := http.StatusOK, healthDTO{Status: "ok", Version: d.Version}
		if d.Health != nil {
			for _, c := range d.Health.Ready(r.Context()) {
				body.Checks = append(body.Checks, checkDTO(c))
				if !c.OK {
					status, body.Status = http.StatusServiceUnavailable, "not_ready"
				}
			}
		}
		writeJSON(w, status, body)
	})
	if d.Metrics != nil {
		mux.Handle("GET /metrics", d.Metrics)
	}
	return mux
}

type healthDTO struct {
	Status  string     `json:"status"`
	Version string     `json:"version,omitempty"`
	Checks  []checkDTO `json:"checks,omitempty"`
}

type checkDTO struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}
