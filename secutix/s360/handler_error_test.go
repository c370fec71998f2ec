package s360

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestError_KindCodeAndCertaintyOfAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		status    int
		body      string
		kind      Kind
		code      string
		uncertain bool // of a changing call
	}{
		{"509", 509, "<html>Bandwidth Limit Exceeded</html>", KindRateLimited, "", false},
		{"429 with JSON", 429, `{"statusCode":"slow"}`, KindRateLimited, "slow", false},
		{"401 empty", 401, "", KindAuth, "", false},
		{"403 text", 403, "forbidden", KindAuth, "", false},
		{"404", 404, "not here", KindVersionGone, "", false},
		{"410", 410, "", KindVersionGone, "", false},
		{"400", 400, "bad", KindFault, "", false},
		{"418", 418, "", KindFault, "", true},
		{"500", 500, "oops", KindFault, "", true},
		{"500 with a status", 500, `{"statusCode":"failure"}`, KindBusiness, "failure", true},
		{"500 foreseen", 500, `{"statusCode":"error.order.closed","expectedException":true}`, KindBusiness, "error.order.closed", false},
		{"500 claiming success", 500, `{"statusCode":"success"}`, KindFault, "success", true},
		{"502", 502, "<html>", KindUnavailable, "", true},
		{"503", 503, "", KindUnavailable, "", true},
		{"504", 504, "", KindUnavailable, "", true},
		{"302", 302, "", KindUnavailable, "", true},
		{"waiting room", 200, " \n<!doctype html><p>please wait", KindUnavailable, "", true},
		{"text", 200, "done", KindDecode, "", true},
		{"empty", 200, "", KindDecode, "", true},
		{"cut JSON", 200, `{"statusCode":"succ`, KindDecode, "", true},
		{"no status", 200, `{}`, KindDecode, "", true},
		{"a list", 200, `[]`, KindDecode, "", true},
		{"refused, foreseen", 200, `{"statusCode":"failure","statusDetail":"x error.order.availability y","expectedException":true}`, KindBusiness, "error.order.availability", false},
		{"refused, code as status", 200, `{"statusCode":"error.order.availability","expectedException":"true"}`, KindBusiness, "error.order.availability", false},
		{"refused, not foreseen", 200, `{"statusCode":"failure","expectedException":false}`, KindBusiness, "failure", true},
		{"refused, not said", 200, `{"statusCode":"failure"}`, KindBusiness, "failure", true},
		{"refused, odd members", 200, `{"requestId":"x","statusCode":"failure","statusDetail":["a"],"expectedException":{}}`, KindBusiness, "failure", true},
		{"refused, code in the message", 200, `{"statusCode":"failure","statusMessage":"error.shipmentSent"}`, KindBusiness, "error.shipmentSent", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st := step{status: tt.status, body: tt.body}
			c := newTestClient(t, &script{steps: []step{st, st}})
			_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
			e := wantKind(t, err, tt.kind)
			if e.Code != tt.code || e.HTTPStatus != tt.status || !e.Sent || !e.Changing || e.Method != "closeOrder" {
				t.Errorf("%+v", e)
			}
			if e.Uncertain() != tt.uncertain {
				t.Errorf("uncertain %t, want %t", e.Uncertain(), tt.uncertain)
			}
			c = newTestClient(t, &script{steps: []step{st, st, st}})
			_, err = c.Orders.GetOrderDetails(t.Context(), OrderDetailsRequest{OrderID: 1})
			if wantKind(t, err, tt.kind).Uncertain() {
				t.Error("a reading call is uncertain")
			}
		})
	}
}

func TestError_SuccessIsReadInAnyCase(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"statusCode":"success"}`, `{"statusCode":"SUCCESS"}`, "\xEF\xBB\xBF" + `{"statusCode":"success"}`} {
		c := newTestClient(t, &script{steps: []step{ok(body)}})
		if _, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{}); err != nil {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestError_ARefusalKeepsWhatTheAnswerSaid(t *testing.T) {
	t.Parallel()
	body := read(t, "testdata/ExternalOrderFacade/createOrUpdateOrder/response_refused.json")
	c := newTestClient(t, &script{steps: []step{ok(string(body))}})
	r, err := c.OrderFacade.CreateOrUpdateOrder(t.Context(), CreateOrUpdateOrderRequest{})
	wantKind(t, err, KindBusiness)
	if r.OrderUpdateData == nil || r.OrderUpdateData.MovementDataUpdates[0].MovementID != 9101 {
		t.Errorf("%+v", r)
	}
}

func TestError_AnswerOfAnUnknownShapeIsUncertainWithoutItsData(t *testing.T) {
	t.Parallel()
	body := `{"statusCode":"success","orderUpdateData":{"orderId":"ORDER-OF-MRS-DUPONT"}}`
	c := newTestClient(t, &script{steps: []step{ok(body)}})
	_, err := c.OrderFacade.CreateOrUpdateOrder(t.Context(), CreateOrUpdateOrderRequest{})
	if e := wantKind(t, err, KindDecode); !e.Uncertain() || !strings.Contains(err.Error(), "orderUpdateData.orderId") {
		t.Errorf("uncertain %t, %v", e.Uncertain(), err)
	}
	if strings.Contains(err.Error(), "DUPONT") {
		t.Errorf("data in %v", err)
	}
}

func TestError_HoldsNoSecretTokenOrBarcode(t *testing.T) {
	t.Parallel()
	const barcode = "004200000000000000000017"
	for _, mode := range []AuthMode{AuthJWT, AuthLogin} {
		const secret = "open sesame"
		for _, format := range []string{
			`{"statusCode":"failure","statusDetail":"%s"}`, `{"oops":"%s"}`, `<html>%s</html>`, `%s`, `["%s", %s`,
		} {
			for _, status := range []int{200, 403, 500} {
				echo := &echoing{format: format, status: status}
				c := newTestClient(t, echo, func(o *Options) { o.Auth, o.Secret = mode, secret })
				_, err := c.Orders.CloseOrder(t.Context(), CloseOrderRequest{OrderID: 1})
				var text strings.Builder
				for e := wantError(t, err); e != nil; e = inner(e) {
					text.WriteString(e.Error() + e.Code + e.Detail + e.Sample)
				}
				for _, hidden := range append(echo.tokens, secret, barcode, "a.buyer@example.org") {
					if strings.Contains(text.String(), hidden) {
						t.Errorf("%s %d %s: %q in %s", mode, status, format, hidden, text.String())
					}
				}
			}
		}
	}
}

func TestFindCode_FirstTokenAsTheExpressionSays(t *testing.T) {
	t.Parallel()
	expression := regexp.MustCompile(`error(\.[A-Za-z0-9_]+)+`)
	for _, s := range []string{
		"error.order.availability", "x error.a.b_2. end", "error.", "error..a", "error.a..b", "errors.a", "an error. error.b", "", "errorerror.c",
	} {
		if got, want := firstErrorToken(s), expression.FindString(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}

func TestRetryAfter_SecondsOrDate(t *testing.T) {
	t.Parallel()
	now := fixedNow()
	for in, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "-5": 0, "soon": 0, "99999999999": 24 * time.Hour,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute,
		now.Add(-time.Hour).Format(http.TimeFormat):  0,
	} {
		if got := parseRetryAfter(in, now); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
