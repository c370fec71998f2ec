package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
	"guichet/domain/sales"
	"guichet/domain/storefront"
)

type deliverRequest struct {
	To       string `json:"to,omitempty" maxLength:"254" doc:"e-mail address; absent: the buyer's. A domain in another script stands in its ASCII form" example:"ada@example.org"`
	Language string `json:"language,omitempty" maxLength:"35" pattern:"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$" doc:"absent: the buyer's, or the institution's" example:"fr"`
}

// mailDTO is an e-mail as its order's storefront and the operator see it.
type mailDTO struct {
	ID          string        `json:"id" example:"mail_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Channel     string        `json:"channel" enum:"email"`
	Order       string        `json:"order" doc:"id of the order"`
	Institution string        `json:"institution" doc:"code"`
	Storefront  string        `json:"storefront" doc:"who sold the order"`
	State       string        `json:"state" enum:"queued,sending,sent,failed,bounced" doc:"sending: handed to the relay, whose answer is not known yet; sent: the relay has taken it; bounced: taken, and reported back as not delivered"`
	Reason      string        `json:"reason" enum:"issued,asked,changed" doc:"why it is sent: the order was issued, somebody asked for it, the institution changed what was sold"`
	To          string        `json:"to,omitempty" doc:"the address asked for; absent: the buyer's of the order"`
	Language    string        `json:"language,omitempty" doc:"the one asked for"`
	Attempts    int           `json:"attempts" doc:"how often it was handed to the relay"`
	QueuedAt    time.Time     `json:"queued_at"`
	NextAt      time.Time     `json:"next_at,omitzero" doc:"when it is tried next"`
	SentAt      time.Time     `json:"sent_at,omitzero" doc:"when the relay took it"`
	EndedAt     time.Time     `json:"ended_at,omitzero" doc:"when it failed or bounced"`
	Cause       *mailCauseDTO `json:"cause,omitempty" doc:"of the last trouble with it"`
	MessageID   string        `json:"message_id,omitempty" doc:"its Message-ID, the same for every attempt; absent where e-mail is not switched on" example:"mail_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A@tickets.example"`
}

type mailCauseDTO struct {
	Code   string `json:"code" doc:"see /problems/{code}" example:"mail.refused"`
	Detail string `json:"detail,omitempty" doc:"the relay's own words, shortened"`
}

func (s *server) mail(m *delivery.Mail) mailDTO {
	loc := s.location(m.Institution)
	d := mailDTO{
		ID: string(m.ID), Channel: "email", Order: string(m.Order), Institution: string(m.Institution), Storefront: m.Storefront, State: string(m.Status), Reason: string(m.Reason), To: m.To, Language: m.Language, Attempts: m.Attempts,
		QueuedAt: in(m.QueuedAt, loc), NextAt: in(m.NextAt, loc), SentAt: in(m.SentAt, loc), EndedAt: in(m.EndedAt, loc),
	}
	if m.Code != "" {
		d.Cause = &mailCauseDTO{Code: m.Code, Detail: m.Detail}
	}
	if s.Mails.Mailer != nil {
		d.MessageID = m.MessageID(s.Mails.Mailer.Host())
	}
	return d
}

type deliverInput struct {
	ID   string `path:"id" doc:"id of the order" example:"ord_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
	Key  string `header:"Idempotency-Key" doc:"optional; 1 to 255 visible ASCII characters"`
	Body deliverRequest
}

type mailOutput struct {
	Body mailDTO `nameHint:"Delivery"`
}

// deliverOrder queues a mail with the order's tickets; it does not wait for the relay.
func (s *server) deliverOrder(ctx context.Context, in *deliverInput) (*mailOutput, error) {
	v := viewer(ctx)
	o, err := s.Sales.Order(ctx, v, sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	m, err := s.Mails.Deliver(ctx, o, delivery.MailRequest{Key: in.Key, Storefront: v.Storefront, To: in.Body.To, Language: in.Body.Language})
	if err != nil {
		return nil, err
	}
	return &mailOutput{Body: s.mail(&m)}, nil
}

type deliveriesInput struct {
	ID string `path:"id" doc:"id of the order" example:"ord_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A"`
}

type mailListOutput struct {
	Body struct {
		Items []mailDTO `json:"items" nullable:"false"`
		Next  *string   `json:"next" doc:"always null: an order has few"`
	} `nameHint:"DeliveryPage"`
}

// orderDeliveries lists an order's mails, newest first.
func (s *server) orderDeliveries(ctx context.Context, in *deliveriesInput) (*mailListOutput, error) {
	o, err := s.Sales.Order(ctx, viewer(ctx), sales.OrderID(in.ID))
	if err != nil {
		return nil, err
	}
	list, err := s.Mails.Of(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	out := &mailListOutput{}
	out.Body.Items = make([]mailDTO, len(list))
	for i := range list {
		out.Body.Items[i] = s.mail(&list[i])
	}
	return out, nil
}

type bounceRequest struct {
	MessageID string `json:"message_id" minLength:"1" maxLength:"300" doc:"Message-ID of the mail, with brackets or without" example:"<mail_01J9ZZ0Q2V4T1T3E8Z0K9Q2M7A@tickets.example>"`
	Kind      string `json:"kind" enum:"permanent,transient,complaint" doc:"permanent: the address is wrong; transient: the relay has given up for now; complaint: the recipient did not want it"`
	Reason    string `json:"reason,omitempty" maxLength:"2000" doc:"the relay's words; the first 300 bytes are kept" example:"550 5.1.1 no such user"`
}

type bounceInput struct {
	Token string `header:"Authorization" doc:"Bearer and mail_bounce_token"`
	Body  bounceRequest
}

type bounceOutput struct {
	Body hookDTO
}

// takeBounce notes that a mail came back.
func (s *server) takeBounce(ctx context.Context, in *bounceInput) (*bounceOutput, error) {
	if s.BounceToken == "" {
		return nil, domain.Errorf(domain.NotFound, CodeRouteUnknown, "there is nothing at this address")
	}
	if !sameSecret(s.BounceToken, strings.TrimPrefix(in.Token, "Bearer ")) {
		return nil, domain.Errorf(domain.Unauthenticated, storefront.CodeKeyUnknown, "the token is not the one of the relay's webhook")
	}
	if err := s.Mails.Bounce(ctx, in.Body.MessageID, delivery.BounceKind(in.Body.Kind), in.Body.Reason); err != nil {
		return nil, err
	}
	return &bounceOutput{Body: hookDTO{Taken: true}}, nil
}

// sameSecret compares digests, so that not even a length shows in the time it takes.
func sameSecret(want domain.Secret, got string) bool {
	a, b := sha256.Sum256([]byte(want.Reveal())), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

type adminMailInput struct {
	PageInput

	Institution string `query:"institution" maxLength:"64" doc:"code; default: every one that the key sees"`
	State       string `query:"state" maxLength:"100" doc:"one or more of queued, sending, sent, failed, bounced, separated by commas" example:"failed,bounced"`
	Order       string `query:"order" maxLength:"64" doc:"id of an order"`
}

type adminMailOutput struct {
	Link string `header:"Link" doc:"the next page, rel=next"`
	Body struct {
		Items []mailDTO `json:"items" nullable:"false" doc:"newest first"`
		Next  *string   `json:"next" doc:"cursor of the next page; null at the end"`
	} `nameHint:"MailPage"`
}

// adminMail lists e-mails of every storefront.
func (s *server) adminMail(ctx context.Context, in *adminMailInput) (*adminMailOutput, error) {
	codes, err := s.named(ctx, in.Institution)
	if err != nil {
		return nil, err
	}
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "a parameter is wrong")
	q := delivery.MailQuery{Order: sales.OrderID(in.Order), Institutions: codes, Page: domain.Page{Limit: in.Limit, Cursor: in.Cursor}}
	q.Statuses = chosen(in.State, delivery.MailStatuses(), "?state", bad)
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	list, next, err := s.Mails.Store.Mails(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &adminMailOutput{}
	out.Body.Items = make([]mailDTO, 0, len(list))
	for i := range list {
		out.Body.Items = append(out.Body.Items, s.mail(&list[i]))
	}
	out.Link, out.Body.Next = nextPage(ctx, next)
	return out, nil
}
