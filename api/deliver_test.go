package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/domain/storefront"
)

// plainMails writes what a mail shows.
type plainMails struct{}

// Mail implements delivery.MailWriter.
func (plainMails) Mail(p delivery.MailPage) (delivery.MailText, error) {
	return delivery.MailText{Subject: p.Order}, nil
}

// readyMail takes every message.
type readyMail struct{}

// Host implements delivery.Mailer.
func (readyMail) Host() string { return "tickets.example" }

// Connect implements delivery.Mailer.
func (readyMail) Connect(context.Context) (delivery.MailConn, error) { return readyMail{}, nil }

// Send implements delivery.MailConn.
func (readyMail) Send(_ context.Context, m delivery.Message) error {
	if strings.HasPrefix(m.To, "nobody@") {
		return domain.Errorf(domain.Conflict, delivery.CodeMailRefused, "550 no such user")
	}
	return nil
}

// Close implements delivery.MailConn.
func (readyMail) Close() error { return nil }

// newMails is an outbox in memory whose relay is off.
func newMails(d *Deps, orders delivery.Orders) *delivery.Mails {
	return delivery.NewMails(delivery.MailDeps{
		Delivery: d.Delivery, Orders: orders, Store: &sample.Outbox{}, Writer: plainMails{}, Clock: d.Clock, IDs: d.IDs, Log: d.Log,
	})
}

// withMail switches e-mail on.
func withMail(d *Deps) { d.Mails.Mailer = readyMail{} }

// issued is a sold order.
func issued(r *rig) orderDTO {
	r.t.Helper()
	o := r.held()
	if a := r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/close", `{"payment_reference":"P"}`); a.status != http.StatusOK {
		r.t.Fatalf("close: %d %s", a.status, a.body)
	}
	return o
}

func TestDeliver_QueuesAMailAndSaysHowItGoes(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail)
	o := issued(r)
	path := "/v1/orders/" + o.ID + "/deliver"
	a := r.do("web", http.MethodPost, path, `{"language":"de"}`, header("Idempotency-Key", "m"))
	first := decode[mailDTO](t, a)
	if a.status != http.StatusAccepted || first.State != "queued" || first.Reason != "asked" || first.MessageID != first.ID+"@tickets.example" || first.To != "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	refused := decode[mailDTO](t, r.do("web", http.MethodPost, path, `{"to":"nobody@example.org"}`))
	if _, err := r.srv.Mails.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := r.do("web", http.MethodPost, path, `{"language":"de"}`, header("Idempotency-Key", "m"))
	if m := decode[mailDTO](t, again); again.status != http.StatusAccepted || m.ID != first.ID || m.State != "sent" || m.SentAt.IsZero() || m.Attempts != 1 {
		t.Errorf("%d %s", again.status, again.body)
	}
	list := decode[struct {
		Items []mailDTO `json:"items"`
	}](t, r.do("seller", http.MethodGet, "/v1/orders/"+o.ID+"/deliveries", ""))
	if len(list.Items) != 0 {
		t.Error("another storefront's deliveries are shown")
	}
	list = decode[struct {
		Items []mailDTO `json:"items"`
	}](t, r.do("web", http.MethodGet, "/v1/orders/"+o.ID+"/deliveries", ""))
	if len(list.Items) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, m := range list.Items {
		if m.ID == refused.ID && (m.State != "failed" || m.Cause == nil || m.Cause.Code != delivery.CodeMailRefused || m.Cause.Detail != "550 no such user" || m.EndedAt.IsZero() || m.To != "nobody@example.org") {
			t.Errorf("%+v", m)
		}
	}
}

func TestBounces_AreNotedAndShownToStorefrontAndOperator(t *testing.T) {
	t.Parallel()
	r := newRig(t, withMail, func(d *Deps) { d.BounceToken = "token-of-the-relay" })
	o := issued(r)
	m := decode[mailDTO](t, r.do("web", http.MethodPost, "/v1/orders/"+o.ID+"/deliver", "{}"))
	if _, err := r.srv.Mails.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	body := `{"message_id":"<` + m.MessageID + `>","kind":"permanent","reason":"550 no such user"}`
	for range 2 {
		if a := r.do("", http.MethodPost, "/v1/hooks/mail/bounces", body, header("Authorization", "Bearer token-of-the-relay")); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
		r.now.advance(time.Hour)
	}
	for _, path := range []string{"/v1/orders/" + o.ID + "/deliveries", "/v1/admin/mail?state=failed,bounced&institution=play", "/v1/admin/mail?order=" + o.ID} {
		list := decode[struct {
			Items []mailDTO `json:"items"`
		}](t, r.do(map[bool]string{true: "ops", false: "web"}[strings.Contains(path, "admin")], http.MethodGet, path, ""))
		if len(list.Items) != 1 || list.Items[0].ID != m.ID || list.Items[0].State != "bounced" || list.Items[0].Cause.Code != delivery.CodeMailBounced ||
			list.Items[0].Cause.Detail != "permanent: 550 no such user" || list.Items[0].EndedAt.Sub(list.Items[0].SentAt) > time.Minute || list.Items[0].Order != o.ID || list.Items[0].Storefront != "web" {
			t.Errorf("%s: %+v", path, list.Items)
		}
	}
	if list := decode[adminPage](t, r.do("ops", http.MethodGet, "/v1/admin/mail?state=sent", "")); len(list.Items) != 0 {
		t.Errorf("%+v", list)
	}
}

type adminPage struct {
	Items []mailDTO `json:"items"`
}

func mailRefusals() []refusal {
	bounce := func(r *rig, token, body string) answer {
		r.srv.BounceToken = "token-of-the-relay"
		return r.do("", http.MethodPost, "/v1/hooks/mail/bounces", body, header("Authorization", "Bearer "+token))
	}
	const good = `{"message_id":"mail_0@tickets.example","kind":"permanent"}`
	on := func(r *rig) { withMail(&r.srv.Deps) }
	send := func(r *rig, id, body string, more ...sent) answer {
		return r.do("web", http.MethodPost, "/v1/orders/"+id+"/deliver", body, more...)
	}
	return []refusal{
		{name: "mail without a relay", do: func(r *rig) answer { return send(r, issued(r).ID, "{}") }, status: 409, code: delivery.CodeMailOff},
		{name: "mail of an unknown order", do: func(r *rig) answer { on(r); return send(r, "ord_x", "{}") }, status: 404, code: sales.CodeUnknown},
		{name: "mail of another storefront's order", do: func(r *rig) answer {
			on(r)
			return r.do("other", http.MethodPost, "/v1/orders/"+issued(r).ID+"/deliver", "{}")
		}, status: 404, code: sales.CodeUnknown},
		{name: "mail of a held order", do: func(r *rig) answer { on(r); return send(r, r.held().ID, "{}") }, status: 409, code: sales.CodeTicketNotIssued},
		{name: "mail to no address", do: func(r *rig) answer { on(r); return send(r, issued(r).ID, `{"to":"Ada <ada@example.org>"}`) }, status: 422, code: delivery.CodeMailAddress, pointer: "/to", field: delivery.CodeMailAddress},
		{name: "mail to two lines", do: func(r *rig) answer {
			on(r)
			return send(r, issued(r).ID, `{"to":"ada@example.org\r\nBcc: eve@example.org"}`)
		}, status: 422, code: delivery.CodeMailAddress, pointer: "/to", field: delivery.CodeMailAddress},
		{name: "mail in no language", do: func(r *rig) answer { on(r); return send(r, issued(r).ID, `{"language":"fr\r\n"}`) }, status: 422, code: domain.CodeRequest, pointer: "/language", field: domain.CodeRequest},
		{name: "mail with another member", do: func(r *rig) answer { on(r); return send(r, issued(r).ID, `{"cc":"x@example.org"}`) }, status: 422, code: domain.CodeRequest, pointer: "/cc", field: CodeRequestUnknownMember},
		{name: "mail under a used key", do: func(r *rig) answer {
			on(r)
			o := issued(r)
			send(r, o.ID, "{}", header("Idempotency-Key", "m"))
			return send(r, o.ID, `{"to":"eve@example.org"}`, header("Idempotency-Key", "m"))
		}, status: 422, code: sales.CodeKeyReused},
		{name: "one mail too many", do: func(r *rig) answer {
			on(r)
			o := issued(r)
			for range delivery.MaxMails {
				send(r, o.ID, "{}")
			}
			return send(r, o.ID, "{}")
		}, status: 409, code: delivery.CodeMailCount},
		{name: "bounce without a token configured", do: func(r *rig) answer {
			return r.do("", http.MethodPost, "/v1/hooks/mail/bounces", good, header("Authorization", "Bearer "))
		}, status: 404, code: CodeRouteUnknown},
		{name: "bounce with another token", do: func(r *rig) answer { return bounce(r, "another-token", good) }, status: 401, code: storefront.CodeKeyUnknown},
		{name: "bounce of no mail", do: func(r *rig) answer { return bounce(r, "token-of-the-relay", good) }, status: 404, code: delivery.CodeMailUnknown},
		{name: "bounce of another's mail", do: func(r *rig) answer {
			return bounce(r, "token-of-the-relay", strings.ReplaceAll(good, "mail_0@", "x@"))
		}, status: 404, code: delivery.CodeMailUnknown},
		{name: "bounce of no kind", do: func(r *rig) answer {
			return bounce(r, "token-of-the-relay", strings.ReplaceAll(good, "permanent", "soft"))
		}, status: 422, code: domain.CodeRequest, pointer: "/kind", field: domain.CodeRequest},
		{name: "admin: mail in no state", do: get("ops", "/v1/admin/mail?state=lost"), status: 422, code: domain.CodeRequest, pointer: "?state", field: domain.CodeRequest},
		{name: "admin: mail of nowhere", do: get("ops", "/v1/admin/mail?institution=nowhere"), status: 404, code: catalog.CodeInstitutionUnknown},
		{name: "mail without deliver", do: func(r *rig) answer { return r.do("seller", http.MethodPost, "/v1/orders/ord_x/deliver", "{}") }, status: 403, code: "key.scope"},
		{name: "deliveries of an unknown order", do: get("web", "/v1/orders/ord_x/deliveries"), status: 404, code: sales.CodeUnknown},
	}
}
