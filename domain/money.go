package domain

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 code in upper case, for example "EUR".
type Currency string

// digits lists the currencies whose minor unit is not a hundredth.
var digits = map[Currency]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "VND": 0,
	"VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// Valid reports whether the code has the form of an ISO 4217 code.
func (c Currency) Valid() bool {
	if len(c) != 3 {
		return false
	}
	for _, r := range c {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return true
}

// Digits is how many decimal digits the currency's minor unit has: 2 for EUR, 0 for JPY, 3 for TND.
func (c Currency) Digits() int {
	if d, ok := digits[c]; ok {
		return d
	}
	return 2
}

// Money is an exact amount in the currency's minor unit: 4200 EUR is 42.00 euros. The zero value is no money in no
// currency. Amounts of two currencies are never added.
type Money struct {
	Amount   int64
	Currency Currency
}

// ThousandthsError says that an amount in thousandths of the currency unit cannot be written in its minor unit.
type ThousandthsError struct {
	Thousandths int64
	Currency    Currency
}

// Error implements error.
func (e *ThousandthsError) Error() string {
	return fmt.Sprintf("%d thousandths of %s do not divide into its minor unit", e.Thousandths, e.Currency)
}

// MoneyFromThousandths converts what S-360 sends (thousandths of the unit) exactly, or returns a *ThousandthsError.
func MoneyFromThousandths(n int64, c Currency) (Money, error) {
	per := int64(1)
	for range 3 - c.Digits() {
		per *= 10
	}
	if n%per != 0 {
		return Money{}, &ThousandthsError{Thousandths: n, Currency: c}
	}
	return Money{Amount: n / per, Currency: c}, nil
}

// Thousandths is the amount in thousandths of the unit, as S-360 wants it. It is exact; amounts beyond about 9e15 minor
// units overflow and are refused with an error.
func (m Money) Thousandths() (int64, error) {
	per := int64(1)
	for range 3 - m.Currency.Digits() {
		per *= 10
	}
	if m.Amount > math.MaxInt64/per || m.Amount < math.MinInt64/per {
		return 0, fmt.Errorf("amount %d %s is too large", m.Amount, m.Currency)
	}
	return m.Amount * per, nil
}

// Add returns the sum. It fails on two currencies and on overflow. The zero Money adds to anything.
func (m Money) Add(o Money) (Money, error) {
	switch {
	case m == Money{}:
		return o, nil
	case o == Money{}:
		return m, nil
	case m.Currency != o.Currency:
		return Money{}, fmt.Errorf("cannot add %s to %s", o.Currency, m.Currency)
	}
	s := m.Amount + o.Amount
	if (s > m.Amount) != (o.Amount > 0) && o.Amount != 0 {
		return Money{}, fmt.Errorf("sum of %d and %d %s overflows", m.Amount, o.Amount, m.Currency)
	}
	return Money{Amount: s, Currency: m.Currency}, nil
}

// Times returns the amount n times; it fails on overflow.
func (m Money) Times(n int) (Money, error) {
	if n != 0 && m.Amount != 0 {
		// the smallest amount negated is itself again, which the division does not show
		if p := m.Amount * int64(n); p/int64(n) != m.Amount || (n == -1 && m.Amount == math.MinInt64) {
			return Money{}, fmt.Errorf("%d times %d %s overflows", n, m.Amount, m.Currency)
		}
	}
	return Money{Amount: m.Amount * int64(n), Currency: m.Currency}, nil
}

// Decimal writes the amount with a point and the currency's digits: "42.00", "-0.05", "1200" for yen.
func (m Money) Decimal() string {
	d := m.Currency.Digits()
	s := strconv.FormatInt(m.Amount, 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if d == 0 {
		return sign + s
	}
	for len(s) <= d {
		s = "0" + s
	}
	return sign + s[:len(s)-d] + "." + s[len(s)-d:]
}

// String writes "42.00 EUR".
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }
