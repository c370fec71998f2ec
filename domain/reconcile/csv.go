package reconcile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/domain"
)

// MaxLines bounds the payments of one import.
const MaxLines = 10_000

// columns of a file of payments; all are needed, in any order, and there are no others.
func columns() []string {
	return []string{"institution", "payment_id", "payment_reference", "amount", "currency", "paid_at"}
}

// ReadCSV reads payments as CSV (RFC 4180, UTF-8, comma, a head line): institution, payment_id, payment_reference, amount
// (a decimal number with a point and at most the currency's digits), currency, paid_at (RFC 3339). It never guesses: a line
// that cannot be read is a Problem and the others are taken; a file that is none at all is payment.format.
func ReadCSV(r io.Reader) (payments []Payment, lines []int, problems []Problem, err error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, nil, nil, fileError("the file has no head line", err)
	}
	at, err := headOf(head)
	if err != nil {
		return nil, nil, nil, err
	}
	for n := 0; ; n++ {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return payments, lines, problems, nil
		}
		if err != nil {
			return nil, nil, nil, fileError("the file is not CSV", err)
		}
		line, _ := in.FieldPos(0)
		if n == MaxLines {
			return nil, nil, nil, domain.Errorf(domain.Invalid, CodePaymentFormat, "more than %d payments in one file; send it in parts", MaxLines)
		}
		p, why := readRow(fields, at)
		if why != "" {
			id := ""
			if len(fields) == len(at) {
				id = clip(fields[at["payment_id"]])
			}
			problems = append(problems, Problem{Line: line, PaymentID: id, Code: CodePaymentFormat, Detail: why})
			continue
		}
		payments, lines = append(payments, p), append(lines, line)
	}
}

func clip(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return strings.ToValidUTF8(s, "?")
}

// fileError is the refusal of a whole file. The reader's own words name places only.
func fileError(what string, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return domain.Errorf(domain.Invalid, CodePaymentFormat, "%s: line %d, column %d: %s", what, parse.Line, parse.Column, parse.Err).Because(err)
	}
	if errors.Is(err, io.EOF) {
		return domain.Errorf(domain.Invalid, CodePaymentFormat, "%s", what)
	}
	return err
}

func headOf(head []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range head {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff") // as spreadsheets write it
		}
		switch _, twice := at[name]; {
		case !slices.Contains(columns(), name):
			return nil, domain.Errorf(domain.Invalid, CodePaymentFormat, "there is no column %q; the columns are %s", clip(name), strings.Join(columns(), ", "))
		case twice:
			return nil, domain.Errorf(domain.Invalid, CodePaymentFormat, "the column %s stands twice", name)
		}
		at[name] = i
	}
	for _, name := range columns() {
		if _, ok := at[name]; !ok {
			return nil, domain.Errorf(domain.Invalid, CodePaymentFormat, "the column %s is missing", name)
		}
	}
	return at, nil
}

func readRow(fields []string, at map[string]int) (p Payment, why string) {
	if len(fields) != len(at) {
		return p, fmt.Sprintf("%d fields, the head has %d", len(fields), len(at))
	}
	for name, i := range at {
		if !utf8.ValidString(fields[i]) {
			return p, name + ": not UTF-8"
		}
	}
	get := func(name string) string { return strings.Clone(fields[at[name]]) }
	p = Payment{Institution: domain.InstitutionCode(get("institution")), PaymentID: get("payment_id"), Reference: get("payment_reference")}
	p.Amount.Currency = domain.Currency(get("currency"))
	if !p.Amount.Currency.Valid() {
		return p, "currency: an ISO 4217 code in upper case"
	}
	var ok bool
	if p.Amount.Amount, ok = parseDecimal(get("amount"), p.Amount.Currency.Digits()); !ok {
		return p, fmt.Sprintf("amount: a number with a point and at most %d digits behind it, such as 42.00", p.Amount.Currency.Digits())
	}
	var err error
	if p.PaidAt, err = time.Parse(time.RFC3339, get("paid_at")); err != nil {
		return p, "paid_at: an RFC 3339 time, such as 2026-11-21T10:00:00+01:00"
	}
	p.PaidAt = p.PaidAt.UTC().Truncate(time.Millisecond)
	if member, why := p.Check(); member != "" {
		return p, member + ": " + why
	}
	return p, ""
}

// parseDecimal reads "42", "42.5" or "42.00" into minor units of so many digits. Nothing is rounded.
func parseDecimal(s string, digits int) (int64, bool) {
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" || len(whole) > 12 || (point && fraction == "") || len(fraction) > digits {
		return 0, false
	}
	text := whole + fraction + strings.Repeat("0", digits-len(fraction))
	if strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
