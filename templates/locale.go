package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"guichet/domain"
)

// locale is how one language writes a ticket. It is immutable.
type locale struct {
	tag string
	// Base is the language this one is a variant of; what a variant does not say is the base's.
	Base      string   `json:"base"`
	Direction string   `json:"direction"` // ltr or rtl
	Weekdays  []string `json:"weekdays"`  // Sunday first
	Months    []string `json:"months"`    // in the form a date uses
	Date      string   `json:"date"`
	ShortDate string   `json:"short_date"`
	// YearOffset is what the language's own era counts more than the common one: 543 in Thai.
	YearOffset int    `json:"year_offset"`
	Clock      string `json:"clock"`
	AM         string `json:"am"`
	PM         string `json:"pm"`
	Moment     string `json:"moment"` // around one time of day
	Span       string `json:"span"`   // around two
	Decimal    string `json:"decimal"`
	Group      string `json:"group"`
	// Lakh groups the digits above a thousand by two, as India does.
	Lakh  bool   `json:"lakh"`
	Money string `json:"money"`
	// Symbols are currency signs that only this language uses.
	Symbols map[string]string `json:"symbols"`
	Words   map[string]string `json:"words"`
}

// fallbackLanguage is printed where a language has no locale.
const fallbackLanguage = "en"

// signs are the currencies that readers know better by their sign than by their code.
var signs = map[domain.Currency]string{
	"EUR": "€", "GBP": "£", "PLN": "zł", "CZK": "Kč", "ILS": "₪", "UAH": "₴", "TRY": "₺", "JPY": "¥",
}

// loadLocales reads every embedded locale; variants are completed from their base.
func loadLocales() (map[string]*locale, error) {
	files, err := fs.Glob(assets, "locale/*.json")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*locale, len(files))
	raw := make(map[string][]byte, len(files))
	for _, f := range files {
		b, err := assets.ReadFile(f)
		if err != nil {
			return nil, err
		}
		tag := strings.TrimSuffix(strings.TrimPrefix(f, "locale/"), ".json")
		raw[tag] = b
		l := &locale{tag: tag}
		if err := strict(b, l); err != nil {
			return nil, fmt.Errorf("locale %s: %w", tag, err)
		}
		all[tag] = l
	}
	for tag, l := range all {
		if l.Base == "" {
			continue
		}
		base, ok := raw[l.Base]
		if !ok {
			return nil, fmt.Errorf("locale %s: no base %s", tag, l.Base)
		}
		full := &locale{tag: tag}
		for _, b := range [][]byte{base, raw[tag]} { // the second one's members and words win
			if err := strict(b, full); err != nil {
				return nil, fmt.Errorf("locale %s: %w", tag, err)
			}
		}
		all[tag] = full
	}
	if all[fallbackLanguage] == nil {
		return nil, fmt.Errorf("no locale %s", fallbackLanguage)
	}
	return all, nil
}

// strict decodes JSON and refuses members that nobody reads.
func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// pick finds a language, its base language, or English.
func pick(all map[string]*locale, language string) *locale {
	tag := strings.ToLower(strings.ReplaceAll(language, "_", "-"))
	for tag != "" {
		if l, ok := all[tag]; ok {
			return l
		}
		i := strings.LastIndexByte(tag, '-')
		if i < 0 {
			break
		}
		if region := tag[i+1:]; tag[:i] == "zh" && (region == "tw" || region == "hk" || region == "mo") {
			return all["zh-hant"] // these write the traditional characters
		}
		tag = tag[:i]
	}
	return all[fallbackLanguage]
}

func (l *locale) rightToLeft() bool { return l.Direction == "rtl" }

func (l *locale) direction() direction {
	if l.rightToLeft() {
		return rtl
	}
	return ltr
}

// word returns one of the locale's words with its gaps filled: pairs of name and value.
func (l *locale) word(key string, gaps ...string) string {
	return fillGaps(l.Words[key], gaps...)
}

// fillGaps replaces "{name}" by the value that follows the name.
func fillGaps(s string, gaps ...string) string {
	for i := 0; i+1 < len(gaps); i += 2 {
		s = strings.ReplaceAll(s, "{"+gaps[i]+"}", gaps[i+1])
	}
	return s
}

// date writes a day with its weekday.
func (l *locale) date(t time.Time) string {
	return fillGaps(l.Date, "weekday", l.Weekdays[t.Weekday()], "day", strconv.Itoa(t.Day()),
		"month", l.Months[t.Month()-1], "year", strconv.Itoa(t.Year()+l.YearOffset))
}

// shortDate writes a day in digits.
func (l *locale) shortDate(t time.Time) string {
	return fillGaps(l.ShortDate, "dd", two(t.Day()), "mm", two(int(t.Month())), "yyyy", strconv.Itoa(t.Year()+l.YearOffset))
}

// clock writes a time of day.
func (l *locale) clock(t time.Time) string {
	h := t.Hour() % 12
	if h == 0 {
		h = 12
	}
	half := l.AM
	if t.Hour() >= 12 {
		half = l.PM
	}
	return fillGaps(l.Clock, "HH", two(t.Hour()), "H", strconv.Itoa(t.Hour()), "h", strconv.Itoa(h), "min", two(t.Minute()), "ampm", half)
}

func (l *locale) moment(t time.Time) string { return fillGaps(l.Moment, "time", l.clock(t)) }

func (l *locale) span(from, to time.Time) string {
	return fillGaps(l.Span, "from", l.clock(from), "to", l.clock(to))
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// money writes an amount with its currency; an amount without currency is nothing.
func (l *locale) money(m domain.Money) string {
	if m.Currency == "" {
		return ""
	}
	sign, digits := "", m.Decimal()
	if strings.HasPrefix(digits, "-") {
		sign, digits = "−", digits[1:]
	}
	whole, part, _ := strings.Cut(digits, ".")
	step := 3
	if l.Lakh {
		step = 2
	}
	for i := len(whole) - 3; i > 0; i -= step {
		whole = whole[:i] + l.Group + whole[i:]
	}
	if part != "" {
		whole += l.Decimal + part
	}
	symbol := l.symbol(m.Currency)
	pattern := l.Money
	if isCode(symbol) { // "CHF12" is hard to read
		pattern = strings.ReplaceAll(pattern, "{symbol}{amount}", "{symbol}\u00a0{amount}")
	}
	return sign + fillGaps(pattern, "amount", whole, "symbol", symbol)
}

func (l *locale) symbol(c domain.Currency) string {
	if s, ok := l.Symbols[string(c)]; ok {
		return s
	}
	if s, ok := signs[c]; ok {
		return s
	}
	return string(c)
}

func isCode(s string) bool {
	return len(s) == 3 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// zone names a time's zone for a reader: its usual letters, or its distance from UTC where it has none.
func zone(t time.Time) string {
	name, offset := t.Zone()
	if name != "" && name[0] != '+' && name[0] != '-' {
		return name
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	s := "UTC" + sign + strconv.Itoa(offset/3600)
	if m := offset % 3600 / 60; m != 0 {
		s += ":" + two(m)
	}
	return s
}
