package s360

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Path segments of the services.
const (
	moduleSales    = "tnseb"
	moduleAuth     = "tnai"
	moduleContacts = "tnco"
	moduleControl  = "tnci"
	moduleShip     = "tnpsb"

	serviceCatalog      = "catalogService"
	serviceAvailability = "availabilityService"
	serviceOrderFacade  = "externalOrderFacade"
	serviceOrders       = "externalOrderService"
	serviceAuth         = "auth"
	servicePayment      = "externalPaymentService"
	serviceHistory      = "externalOrderHistoryService"
	serviceShipment     = "shipmentPublicService"
	serviceSeating      = "externalSeatingService"
	serviceContacts     = "contactInformationPublicService"
	serviceControl      = "externalAccessControlService"
)

// method names one method of the platform and says whether it changes anything
// there.
type method struct {
	service  string
	name     string
	changing bool
	// module and version are those of the sales services when empty.
	module, version string
}

// call is one call on its way down the chain. Handlers pass on copies.
type call struct {
	method
	// path is the URL path below the base.
	path  []string
	class string
	body  []byte
	// poll says that the call repeats one that is in progress.
	poll bool
	// again says that the platform refused the token of the last try.
	again bool
	// bearer is empty for the login itself.
	bearer string
}

// answer is what came back, whatever it was. It is returned beside an error as
// well when bytes have moved.
type answer struct {
	status   int
	header   http.Header
	body     []byte // decompressed
	bytesOut int64
	bytesIn  int64
	// bearer is the token that was sent, so that it can be hidden.
	bearer string

	// envelope is what the body says about itself; nil when it is not a JSON
	// object.
	envelope *envelope
	// unreadable is why a body that begins as an object has no envelope.
	unreadable error
}

// envelope holds the members every answer has.
type envelope struct {
	OrderResult
}

// readEnvelope fills a.envelope from the body.
func (a *answer) readEnvelope(known *plans) {
	if len(a.body) == 0 || firstByte(a.body) != '{' {
		return
	}
	var e envelope
	if a.unreadable = known.decode(a.body, &e); a.unreadable == nil {
		a.envelope = &e
	}
}

func (a *answer) retryAfter(now time.Time) time.Duration {
	return parseRetryAfter(a.header.Get("Retry-After"), now)
}

func firstByte(b []byte) byte {
	for _, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		}
		return c
	}
	return 0
}

// handler is one link of the chain.
type handler interface {
	do(ctx context.Context, c call) (*answer, error)
}

// invoke makes one call and decodes its answer. When the platform refuses a
// call, the result holds what its answer said beside the refusal, as far as it
// could be read.
func invoke[R any](ctx context.Context, client *Client, m method, request any) (R, error) {
	var result R
	body, err := json.Marshal(request)
	if err != nil {
		return result, fmt.Errorf("s360: %s.%s: encode the request: %w", m.service, m.name, err)
	}
	version := either(client.options.Versions[m.service], either(m.version, DefaultVersion))
	c := call{
		method: m,
		path:   []string{either(m.module, moduleSales), "backend-apis", m.service, version, m.name},
		class:  client.class,
		body:   body,
	}
	a, err := client.chain.do(ctx, c)
	if err != nil {
		if a != nil && a.envelope != nil {
			_ = client.session.plans.decodeValid(a.body, &result) // the refusal is what the caller is told
		}
		return result, err
	}
	if err := client.session.plans.decodeValid(a.body, &result); err != nil {
		e := newError(c, KindDecode)
		e.HTTPStatus, e.Sent, e.Err = a.status, true, err
		return result, e
	}
	return result, nil
}

// withRequestID returns the request with its requestId set.
func withRequestID(body []byte, id ID) ([]byte, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	members["requestId"] = json.RawMessage(strconv.FormatInt(int64(id), 10))
	return json.Marshal(members)
}
