package domain_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"guichet/domain"
)

func TestCurrency_DigitsFollowISO4217(t *testing.T) {
	t.Parallel()
	for c, want := range map[domain.Currency]int{"EUR": 2, "CHF": 2, "JPY": 0, "XPF": 0, "TND": 3, "KWD": 3, "": 2} {
		if got := c.Digits(); got != want {
			t.Errorf("%q has %d digits, want %d", c, got, want)
		}
	}
}

func TestCurrency_OnlyThreeCapitalsAreValid(t *testing.T) {
	t.Parallel()
	for c, want := range map[domain.Currency]bool{"EUR": true, "eur": false, "EU": false, "EURO": false, "": false, "E1R": false, "ÉU": false} {
		if got := c.Valid(); got != want {
			t.Errorf("%q valid: %t", c, got)
		}
	}
}

func TestMoneyFromThousandths_ConvertsExactlyOrRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		n       int64
		c       domain.Currency
		want    int64
		refused bool
	}{
		{42000, "EUR", 4200, false},
		{-50, "EUR", -5, false},
		{0, "EUR", 0, false},
		{42005, "EUR", 0, true},
		{-1, "EUR", 0, true},
		{1200000, "JPY", 1200, false},
		{1200500, "JPY", 0, true},
		{1234, "TND", 1234, false},
		{math.MinInt64, "TND", math.MinInt64, false},
	}
	for _, tt := range tests {
		got, err := domain.MoneyFromThousandths(tt.n, tt.c)
		var fraction *domain.ThousandthsError
		if tt.refused {
			if !errors.As(err, &fraction) || fraction.Thousandths != tt.n || fraction.Currency != tt.c {
				t.Errorf("%d %s: %v", tt.n, tt.c, err)
			}
			continue
		}
		if err != nil || got != (domain.Money{Amount: tt.want, Currency: tt.c}) {
			t.Errorf("%d %s: %v, %v", tt.n, tt.c, got, err)
		}
	}
}

func currencies() *rapid.Generator[domain.Currency] {
	return rapid.SampledFrom([]domain.Currency{"EUR", "CHF", "GBP", "JPY", "XPF", "TND", "BHD"})
}

func TestThousandths_RoundTripIsExactOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, c := rapid.Int64().Draw(t, "thousandths"), currencies().Draw(t, "currency")
		m, err := domain.MoneyFromThousandths(n, c)
		per := int64(math.Pow10(3 - c.Digits()))
		if divides := n%per == 0; divides != (err == nil) {
			t.Fatalf("%d %s divides: %t, but %v", n, c, divides, err)
		}
		if err != nil {
			var fraction *domain.ThousandthsError
			if !errors.As(err, &fraction) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if back, err := m.Thousandths(); err != nil || back != n {
			t.Fatalf("%d came back as %d, %v", n, back, err)
		}
	})
}

func TestThousandths_TooLargeIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := domain.Money{Amount: rapid.Int64().Draw(t, "amount"), Currency: currencies().Draw(t, "currency")}
		per := int64(math.Pow10(3 - m.Currency.Digits()))
		exact := new(big.Int).Mul(big.NewInt(m.Amount), big.NewInt(per))
		got, err := m.Thousandths()
		if exact.IsInt64() != (err == nil) {
			t.Fatalf("%v: %v", m, err)
		}
		if err == nil && got != exact.Int64() {
			t.Fatalf("%v: %d", m, got)
		}
	})
}

func TestAdd_IsExactOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := domain.Money{Amount: rapid.Int64().Draw(t, "a"), Currency: "EUR"}
		b := domain.Money{Amount: rapid.Int64().Draw(t, "b"), Currency: "EUR"}
		exact := new(big.Int).Add(big.NewInt(a.Amount), big.NewInt(b.Amount))
		got, err := a.Add(b)
		if exact.IsInt64() != (err == nil) {
			t.Fatalf("%d + %d: %v", a.Amount, b.Amount, err)
		}
		if err == nil && (got.Amount != exact.Int64() || got.Currency != "EUR") {
			t.Fatalf("%d + %d: %v", a.Amount, b.Amount, got)
		}
	})
}

func TestAdd_NeverAddsTwoCurrencies(t *testing.T) {
	t.Parallel()
	if got, err := (domain.Money{Amount: 1, Currency: "EUR"}).Add(domain.Money{Amount: 1, Currency: "CHF"}); err == nil {
		t.Errorf("got %v", got)
	}
	if got, err := (domain.Money{Currency: "EUR"}).Add(domain.Money{Currency: "CHF"}); err == nil {
		t.Errorf("zero amounts are of a currency too: got %v", got)
	}
}

func TestAdd_ZeroMoneyIsNeutral(t *testing.T) {
	t.Parallel()
	m := domain.Money{Amount: 5, Currency: "EUR"}
	if got, err := (domain.Money{}).Add(m); err != nil || got != m {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := m.Add(domain.Money{}); err != nil || got != m {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTimes_IsExactOrRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := domain.Money{Amount: rapid.Int64().Draw(t, "amount"), Currency: "EUR"}
		n := rapid.Int().Draw(t, "n")
		exact := new(big.Int).Mul(big.NewInt(m.Amount), big.NewInt(int64(n)))
		got, err := m.Times(n)
		if exact.IsInt64() != (err == nil) {
			t.Fatalf("%d × %d: %v, %v", m.Amount, n, got, err)
		}
		if err == nil && got.Amount != exact.Int64() {
			t.Fatalf("%d × %d: %v", m.Amount, n, got)
		}
	})
}

func TestTimes_SmallestAmountTimesMinusOneOverflows(t *testing.T) {
	t.Parallel()
	if got, err := (domain.Money{Amount: math.MinInt64, Currency: "EUR"}).Times(-1); err == nil {
		t.Errorf("got %v", got)
	}
	if got, err := (domain.Money{Amount: -1, Currency: "EUR"}).Times(math.MinInt64); err == nil {
		t.Errorf("got %v", got)
	}
}

func TestDecimal_WritesTheCurrencysDigits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		m    domain.Money
		want string
	}{
		{domain.Money{Amount: 4200, Currency: "EUR"}, "42.00"},
		{domain.Money{Amount: 5, Currency: "EUR"}, "0.05"},
		{domain.Money{Amount: -5, Currency: "EUR"}, "-0.05"},
		{domain.Money{Amount: 0, Currency: "EUR"}, "0.00"},
		{domain.Money{Amount: 1200, Currency: "JPY"}, "1200"},
		{domain.Money{Amount: -7, Currency: "JPY"}, "-7"},
		{domain.Money{Amount: 1, Currency: "TND"}, "0.001"},
		{domain.Money{Amount: math.MinInt64, Currency: "EUR"}, "-92233720368547758.08"},
	}
	for _, tt := range tests {
		if got := tt.m.Decimal(); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.m.Amount, tt.m.Currency, got, tt.want)
		}
	}
	if got := (domain.Money{Amount: 4200, Currency: "EUR"}).String(); got != "42.00 EUR" {
		t.Errorf("string %q", got)
	}
}
