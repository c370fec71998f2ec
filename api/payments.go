package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"guichet/domain"
	"guichet/domain/reconcile"
)

// maxImport bounds a file of payments: bytes.
const maxImport = 2 << 20

type paymentRequest struct {
	Institution      string    `json:"institution" maxLength:"64" doc:"code of the institution that sold" example:"play"`
	PaymentID        string    `json:"payment_id" minLength:"1" maxLength:"200" doc:"the storefront's or its payment provider's own number, unique for the storefront" example:"PSP-77812-1"`
	PaymentReference string    `json:"payment_reference" minLength:"1" maxLength:"200" doc:"that of the order's close" example:"PSP-77812"`
	Amount           moneyDTO  `json:"amount" doc:"above zero"`
	PaidAt           time.Time `json:"paid_at" example:"2026-10-01T10:00:00Z"`
}

type paymentProblemDTO struct {
	Line      int    `json:"line" doc:"of the file, the head being 1; 1 for a single payment"`
	PaymentID string `json:"payment_id,omitempty"`
	Code      string `json:"code" enum:"payment.format,payment.reference_unknown,payment.conflict"`
	Detail    string `json:"detail"`
	Kept      bool   `json:"kept" doc:"true: the payment is kept all the same, and looked for again"`
}

type importedDTO struct {
	New      int                 `json:"new" doc:"payments kept now"`
	Repeated int                 `json:"repeated" doc:"known already, with the same content"`
	Problems []paymentProblemDTO `json:"problems" nullable:"false" doc:"by line"`
}

func toImported(r *reconcile.Imported) importedDTO {
	d := importedDTO{New: r.New, Repeated: r.Repeated, Problems: []paymentProblemDTO{}}
	for _, p := range r.Problems {
		d.Problems = append(d.Problems, paymentProblemDTO{Line: p.Line, PaymentID: p.PaymentID, Code: p.Code, Detail: p.Detail, Kept: p.Kept})
	}
	return d
}

type paymentInput struct{ Body paymentRequest }

type paymentOutput struct {
	Status int
	Body   importedDTO
}

// reportPayment keeps one payment. An unknown reference is told and kept; other content under a known number is refused.
func (s *server) reportPayment(ctx context.Context, in *paymentInput) (*paymentOutput, error) {
	key, b := callOf(ctx).key, in.Body
	p := reconcile.Payment{
		Institution: domain.InstitutionCode(b.Institution), PaymentID: b.PaymentID, Reference: b.PaymentReference,
		Amount: domain.Money{Amount: b.Amount.Amount, Currency: domain.Currency(b.Amount.Currency)}, PaidAt: b.PaidAt.UTC().Truncate(time.Millisecond),
	}
	if member, why := p.Check(); member != "" {
		return nil, domain.Errorf(domain.Invalid, domain.CodeRequest, "the payment cannot be taken").WithField("/"+member, reconcile.CodePaymentFormat, why)
	}
	if _, err := s.named(ctx, b.Institution); err != nil {
		return nil, err
	}
	r, err := s.Reconcile.Import(ctx, key.Storefront, s.seesCode(ctx), []reconcile.Payment{p}, []int{1})
	if err != nil {
		return nil, err
	}
	for _, problem := range r.Problems {
		if problem.Code == reconcile.CodePaymentConflict {
			return nil, domain.Errorf(domain.Conflict, reconcile.CodePaymentConflict, "%s", problem.Detail)
		}
	}
	out := &paymentOutput{Status: http.StatusOK, Body: toImported(&r)}
	if r.New > 0 {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// seesCode says which institutions the caller's key may name.
func (s *server) seesCode(ctx context.Context) func(domain.InstitutionCode) bool {
	key := callOf(ctx).key
	return func(code domain.InstitutionCode) bool { return s.shelves[code] != nil && sees(key, code) }
}

// importPayments reads a file of payments.
func (s *server) importPayments(c *gin.Context) {
	ctx := c.Request.Context()
	if err := newQuery(c.Request.URL, callOf(ctx).route).err(); err != nil {
		s.refuse(c, err)
		return
	}
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "text/csv" {
		s.refuse(c, domain.Errorf(domain.Invalid, CodeRequestMediaType, "the body must be text/csv"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxImport))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			s.refuse(c, tooLarge(maxImport))
			return
		}
		s.refuse(c, domain.Errorf(domain.Invalid, CodeRequestMalformed, "the body could not be read to its end"))
		return
	}
	r, err := s.Reconcile.ImportCSV(ctx, callOf(ctx).key.Storefront, s.seesCode(ctx), bytes.NewReader(body))
	if err != nil {
		s.refuse(c, err)
		return
	}
	b, err := encode(toImported(&r))
	if err != nil {
		s.refuse(c, err)
		return
	}
	c.Data(http.StatusOK, "application/json", b)
}
