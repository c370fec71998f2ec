package s360

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Client talks to the S-360 services of one institution as one operator. It is
// safe for concurrent use. Copies made by WithClass share its connections, its
// token and its gate.
type Client struct {
	// Catalog is CatalogService.
	Catalog CatalogService
	// Setup is SetupService.
	Setup SetupService
	// Availability is AvailabilityService.
	Availability AvailabilityService
	// OrderFacade is ExternalOrderFacade.
	OrderFacade ExternalOrderFacade
	// Orders is ExternalOrderService.
	Orders ExternalOrderService
	// Contacts is ContactInformationPublicService.
	Contacts ContactInformationPublicService
	// Control is ExternalAccessControlService.
	Control ExternalAccessControlService
	// Payments is ExternalPaymentService.
	Payments ExternalPaymentService
	// History is ExternalOrderHistoryService.
	History ExternalOrderHistoryService
	// Shipments is ShipmentPublicService.
	Shipments ShipmentPublicService
	// Seating is ExternalSeatingService.
	Seating ExternalSeatingService

	options *Options
	base    *url.URL
	class   string
	session *session
	chain   handler
}

// New returns a client for one institution, or an error that names every
// problem of the options. It makes no call.
func New(o Options) (*Client, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("s360 client of %q: %w", o.Institution, err)
	}
	base, err := url.Parse(strings.TrimRight(o.BaseURL, "/"))
	if err != nil {
		return nil, fmt.Errorf("s360 client of %q: base URL: %w", o.Institution, err)
	}
	c := &Client{options: &o, base: base, session: newSession()}
	c.chain = newChain(&o, base, c.session)
	return c.withServices(), nil
}

// newChain assembles the handlers, innermost first. Login stands outside the
// gate because it makes a call of its own, and a call that holds a place at the
// gate must not wait for a second one; auth stands inside because a forged
// token is good for a second and the gate may make us wait longer.
func newChain(o *Options, base *url.URL, s *session) handler {
	send := httpHandler{options: o, base: base, session: s}
	gated := func(next handler) handler { return gateHandler{options: o, next: next} }
	login := errorHandler{options: o, next: gated(send)}

	var h handler = authHandler{options: o, session: s, next: send}
	h = gated(h)
	h = loginHandler{options: o, session: s, login: login, next: h}
	h = errorHandler{options: o, next: h}
	h = retryHandler{options: o, next: h}
	return asyncHandler{options: o, next: h}
}

func (c *Client) withServices() *Client {
	c.Catalog = CatalogService{client: c}
	c.Setup = SetupService{client: c}
	c.Availability = AvailabilityService{client: c}
	c.OrderFacade = ExternalOrderFacade{client: c}
	c.Orders = ExternalOrderService{client: c}
	c.Contacts = ContactInformationPublicService{client: c}
	c.Control = ExternalAccessControlService{client: c}
	c.Payments = ExternalPaymentService{client: c}
	c.History = ExternalOrderHistoryService{client: c}
	c.Shipments = ShipmentPublicService{client: c}
	c.Seating = ExternalSeatingService{client: c}
	return c
}

// WithClass returns a client whose calls carry the class (ClassSale, …) to the
// gate. Everything else is shared with c.
func (c *Client) WithClass(class string) *Client {
	other := *c
	other.class = class
	return other.withServices()
}

// Institution returns the institution code the client was made for.
func (c *Client) Institution() string { return c.options.Institution }

// Skew returns how far the platform's clock was ahead of ours in the last
// answer (negative: behind), good to about half a second, and whether an answer
// has been seen.
func (c *Client) Skew() (ahead time.Duration, measured bool) { return c.session.skew() }
