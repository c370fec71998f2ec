package account

import (
	"strconv"
	"strings"
	"time"

	"guichet/domain"
)

// CSVHead names the columns of a statement as CSV. Amounts are decimal numbers with a point in the statement's currency.
func CSVHead() []string {
	return []string{
		"number", "date", "booked_at", "kind", "order", "storefront", "debit", "credit", "amount", "change", "owed", "currency", "of", "by", "reason", "cause",
	}
}

// CSVLine is a posting's line.
func (st Statement) CSVLine(p Posting) []string {
	of := ""
	if p.Of != 0 {
		of = strconv.FormatInt(p.Of, 10)
	}
	at := p.BookedAt.In(st.Zone)
	return []string{
		strconv.FormatInt(p.Number, 10), string(domain.DayOf(at)), at.Format(time.RFC3339), string(p.Kind), p.Order, safe(p.Storefront), safe(string(p.Debit)),
		safe(string(p.Credit)), Decimal(p.Thousandths, p.Currency), Decimal(p.Change(), p.Currency), Decimal(p.Owed, p.Currency), string(p.Currency), of,
		safe(p.By), safe(p.Reason), safe(p.Cause),
	}
}

// CSVBalance is a line that says what is owed: "opening" before the first posting, "closing" after the last.
func (st Statement) CSVBalance(kind string, owed int64) []string {
	day := st.From
	if kind == "closing" {
		day = st.To
	}
	return []string{"", string(day), "", kind, "", "", "", "", "", "", Decimal(owed, st.Currency), string(st.Currency), "", "", "", ""}
}

// Decimal writes thousandths with the currency's digits, and with three where the last ones are not zero.
func Decimal(thousandths int64, c domain.Currency) string {
	if m, err := domain.MoneyFromThousandths(thousandths, c); err == nil {
		return m.Decimal()
	}
	return domain.Money{Amount: thousandths, Currency: "TND"}.Decimal() // a currency of three digits
}

// safe keeps a spreadsheet from taking text for a formula.
func safe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
