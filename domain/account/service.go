package account

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"guichet/domain"
)

// Store keeps ledgers. Implementations are safe for concurrent use, also by several processes. What orders post is written
// by the store of orders, in the transaction of the order's own change.
type Store interface {
	// Book writes a posting, or returns the one that has its kind and cause already with created=false.
	Book(ctx context.Context, p Posting) (booked Posting, created bool, err error)
	// Posting loads one; domain.NotFound (account.unknown).
	Posting(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, number int64) (Posting, error)
	// Heads lists an institution's ledgers by currency; none before its first posting.
	Heads(ctx context.Context, code domain.InstitutionCode) ([]Head, error)
	// OwedBefore is what was owed before a moment: after the last posting booked earlier, and 0 where there is none.
	OwedBefore(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, at time.Time) (int64, error)
	// Postings lists up to limit postings booked in [from, to) with a number above after, by number.
	Postings(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, from, to time.Time, after int64, limit int) ([]Posting, error)
	// PostingsOf lists an order's postings, by number.
	PostingsOf(ctx context.Context, order string) ([]Posting, error)
	// Sums adds up every account of a ledger, sorted by name: debits and credits.
	Sums(ctx context.Context, code domain.InstitutionCode, currency domain.Currency) ([]Sum, error)
	// RaiseAlarm keeps the highest line that was told and reports whether this one is new; line 0 forgets it.
	RaiseAlarm(ctx context.Context, code domain.InstitutionCode, currency domain.Currency, line int) (fresh bool, err error)
}

// Head is how a ledger stands.
type Head struct {
	Currency domain.Currency
	Postings int64 // how many there are
	Owed     int64 // thousandths
	Claimed  int64 // thousandths that closes under way may yet add
	BookedAt time.Time
}

// Sum is an account's turnover: thousandths.
type Sum struct {
	Account       Account
	Debit, Credit int64
}

// Limit is what an institution lets us owe.
type Limit struct {
	Most  int64 // minor units of the institution's currency; 0 is no limit
	Lines []int // alarm lines in percent; nil is 80 and 95
}

func (l Limit) lines() []int {
	if l.Lines == nil {
		return []int{80, 95}
	}
	return l.Lines
}

// Alarm says that little is left of what may be owed.
type Alarm struct {
	Institution domain.InstitutionCode
	Percent     int // the line passed
	Owed, Most  domain.Money
}

// Institutions tells an institution's zone and currency.
type Institutions interface {
	Institution(code domain.InstitutionCode) (domain.Institution, error)
}

// Deps is what a Service needs. Alarm may be nil.
type Deps struct {
	Store        Store
	Institutions Institutions
	Clock        domain.Clock
	Log          *slog.Logger
	Limits       map[domain.InstitutionCode]Limit
	Alarm        func(Alarm)
}

// Service reads and writes the ledgers. It is safe for concurrent use.
type Service struct{ Deps }

// New makes a Service. It panics on a missing dependency.
func New(d Deps) *Service {
	if d.Store == nil || d.Institutions == nil || d.Clock == nil || d.Log == nil {
		panic("account: Store, Institutions, Clock and Log are needed")
	}
	return &Service{d}
}

// Standing is how we stand with an institution.
type Standing struct {
	Institution domain.InstitutionCode
	Owed        domain.Money  // what we owe; zero Money where nothing was ever posted
	Claimed     domain.Money  // what closes under way may yet add
	Limit       *domain.Money // nil: none
	Left        *domain.Money // what may still be sold; nil without limit
	Percent     int           // of the limit, claims included; 0 without limit
	Postings    int64
	BookedAt    time.Time
}

// Standing reads the ledger of an institution's own currency, or of the one that it has where its catalog is not known.
// Thousandths that the currency's minor unit cannot write are cut for Owed and shown by the statement.
func (s *Service) Standing(ctx context.Context, code domain.InstitutionCode) (Standing, error) {
	out := Standing{Institution: code}
	heads, err := s.Store.Heads(ctx, code)
	if err != nil {
		return out, err
	}
	currency := s.currency(code, heads)
	if currency == "" {
		return out, nil
	}
	var h Head
	if i := slices.IndexFunc(heads, func(h Head) bool { return h.Currency == currency }); i >= 0 {
		h = heads[i]
	}
	out.Owed, out.Claimed, out.Postings, out.BookedAt = Minor(h.Owed, currency), Minor(h.Claimed, currency), h.Postings, h.BookedAt
	if most := s.Limits[code].Most; most > 0 {
		limit := domain.Money{Amount: most, Currency: currency}
		left := domain.Money{Amount: most - out.Owed.Amount - out.Claimed.Amount, Currency: currency}
		out.Limit, out.Left = &limit, &left
		out.Percent = int(max(0, (most-left.Amount)*100/most))
	}
	return out, nil
}

// currency is the institution's own; where its catalog is not loaded, that of its newest ledger.
func (s *Service) currency(code domain.InstitutionCode, heads []Head) domain.Currency {
	if inst, err := s.Institutions.Institution(code); err == nil && inst.Currency != "" {
		return inst.Currency
	}
	if len(heads) == 0 {
		return ""
	}
	return slices.MaxFunc(heads, func(a, b Head) int { return a.BookedAt.Compare(b.BookedAt) }).Currency
}

// Minor writes thousandths in the currency's minor unit; what does not divide is cut towards zero.
func Minor(thousandths int64, c domain.Currency) domain.Money {
	per := int64(1)
	for range 3 - c.Digits() {
		per *= 10
	}
	return domain.Money{Amount: thousandths / per, Currency: c}
}

// Watch looks at how much is left of every limit and tells Deps.Alarm when a line is passed; all replicas together tell it
// once. A line is told again after what is owed has fallen below all of them.
func (s *Service) Watch(ctx context.Context, code domain.InstitutionCode) (domain.Outcome, error) {
	st, err := s.Standing(ctx, code)
	if err != nil || st.Limit == nil || st.Postings == 0 {
		return domain.Outcome{}, err
	}
	line := 0
	for _, l := range s.Limits[code].lines() {
		if st.Percent >= l {
			line = max(line, l)
		}
	}
	fresh, err := s.Store.RaiseAlarm(ctx, code, st.Owed.Currency, line)
	if err != nil || !fresh {
		return domain.Outcome{}, err
	}
	if s.Alarm != nil {
		s.Alarm(Alarm{Institution: code, Percent: line, Owed: st.Owed, Most: *st.Limit})
	}
	return domain.Outcome{Done: 1, Detail: "an alarm line is passed"}, nil
}

// PostingsOf lists what was posted for an order, by number.
func (s *Service) PostingsOf(ctx context.Context, order string) ([]Posting, error) {
	return s.Store.PostingsOf(ctx, order)
}

// Request asks for a posting that a person makes.
type Request struct {
	Institution   domain.InstitutionCode
	Kind          Kind // Payment, Fee, Correction or Reversal
	Key           string
	Amount        domain.Money // not for a reversal
	Debit, Credit Account      // of a correction
	Storefront    string       // of a fee
	Of            int64        // of a reversal: the number of what it reverses
	Order         string       // may be empty
	By            string       // who asks
	Reason        string       // why; needed for corrections and reversals
}

const maxReason = 500

// Post writes a person's posting. The same key with the same content gives the same posting again; with other content it is
// refused (account.duplicate). A posting can be reversed once. Errors: request.invalid with every wrong member,
// account.unknown.
func (s *Service) Post(ctx context.Context, r Request) (posted Posting, created bool, err error) {
	if err := r.check(); err != nil {
		return Posting{}, false, err
	}
	p, err := s.posting(ctx, r)
	if err != nil {
		return Posting{}, false, err
	}
	booked, created, err := s.Store.Book(ctx, p)
	if err != nil {
		return Posting{}, false, err
	}
	if !created && !booked.same(p) {
		return Posting{}, false, domain.Errorf(domain.Conflict, CodeDuplicate, "posting %d was made for this already, with other content", booked.Number)
	}
	if created {
		s.Log.InfoContext(ctx, "posting by hand", slog.String("institution", string(r.Institution)), slog.String("kind", string(r.Kind)),
			slog.Int64("number", booked.Number), slog.String("by", r.By))
	}
	return booked, created, nil
}

// same compares what a request said.
func (p Posting) same(o Posting) bool {
	p.Number, p.Owed, p.BookedAt, p.At, p.By = o.Number, o.Owed, o.BookedAt, o.At, o.By
	return p == o
}

func (s *Service) posting(ctx context.Context, r Request) (Posting, error) {
	if r.Kind == Reversal {
		heads, err := s.Store.Heads(ctx, r.Institution)
		if err != nil {
			return Posting{}, err
		}
		of, err := s.Store.Posting(ctx, r.Institution, s.currency(r.Institution, heads), r.Of)
		if err != nil {
			return Posting{}, err
		}
		if of.Kind == Reversal {
			return Posting{}, domain.Errorf(domain.Invalid, CodePosting, "posting %d is itself a reversal; make the posting anew instead", r.Of)
		}
		p := of.Reverse()
		p.Cause = "of " + string(of.Kind) + " " + of.Cause
		p.By, p.Reason, p.At = r.By, r.Reason, s.Clock()
		return p, nil
	}
	n, err := r.Amount.Thousandths()
	if err != nil {
		return Posting{}, domain.Errorf(domain.Invalid, domain.CodeRequest, "the posting cannot be made as asked").WithField("/amount", CodePosting, "it is too large")
	}
	p := Posting{
		Institution: r.Institution, Currency: r.Amount.Currency, Kind: r.Kind, Cause: "key " + r.Key, Thousandths: n, Order: r.Order,
		Storefront: r.Storefront, By: r.By, Reason: r.Reason, At: s.Clock(), Debit: r.Debit, Credit: r.Credit,
	}
	switch r.Kind {
	case Payment:
		p.Debit, p.Credit = Pending, Bank
	case Fee:
		p.Debit, p.Credit = Of(Fees, r.Storefront), Pending
	case Correction, Close, Refund, Reversal:
	}
	return p, p.Check()
}

// check names every wrong member.
func (r Request) check() error {
	bad := domain.Errorf(domain.Invalid, domain.CodeRequest, "the posting cannot be made as asked")
	switch r.Kind {
	case Payment, Correction, Reversal:
	case Fee:
		if !Of(Fees, r.Storefront).Valid() {
			bad.WithField("/storefront", CodePosting, "a fee needs the storefront that it is charged to")
		}
	case Close, Refund:
		bad.WithField("/kind", CodePosting, "closes and refunds are posted by orders")
	default:
		bad.WithField("/kind", CodePosting, "payment, fee, correction or reversal")
	}
	if r.Kind == Reversal {
		if r.Of <= 0 {
			bad.WithField("/of", CodePosting, "the number of the posting to reverse")
		}
	} else if r.Amount.Amount <= 0 || !r.Amount.Currency.Valid() {
		bad.WithField("/amount", CodePosting, "an amount above zero in an ISO 4217 currency")
	}
	if r.Kind == Correction {
		if !r.Debit.Valid() {
			bad.WithField("/debit", CodePosting, "the name of an account")
		}
		if !r.Credit.Valid() || r.Credit == r.Debit {
			bad.WithField("/credit", CodePosting, "the name of another account")
		}
	}
	if (r.Kind == Correction || r.Kind == Reversal) && r.Reason == "" {
		bad.WithField("/reason", CodePosting, "it needs a reason")
	}
	if len(r.Reason) > maxReason {
		bad.WithField("/reason", CodePosting, "at most 500 bytes")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}
