package templates

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/domain"
)

func mustLocales(tb testing.TB) map[string]*locale {
	tb.Helper()
	all, err := loadLocales()
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func TestLocales_EveryLanguage_HasEveryKey(t *testing.T) {
	t.Parallel()
	all := mustLocales(t)
	for _, tag := range []string{"en", "fr", "de", "it", "es", "nl", "pt", "he", "ar", "el", "ru", "pl", "en-us", "pt-br", "de-ch", "hi", "th", "zh", "zh-hant", "ja", "ko"} {
		l, ok := all[tag]
		if !ok {
			t.Errorf("no locale %s", tag)
			continue
		}
		for key := range all["en"].Words {
			if strings.TrimSpace(l.Words[key]) == "" {
				t.Errorf("%s: no word %q", tag, key)
			}
		}
		for key := range l.Words {
			if _, ok := all["en"].Words[key]; !ok {
				t.Errorf("%s: nobody reads the word %q", tag, key)
			}
		}
		if len(l.Weekdays) != 7 || len(l.Months) != 12 || slices.Contains(l.Months, "") || slices.Contains(l.Weekdays, "") {
			t.Errorf("%s: %d weekdays, %d months", tag, len(l.Weekdays), len(l.Months))
		}
		if l.Direction != "ltr" && l.Direction != "rtl" {
			t.Errorf("%s: direction %q", tag, l.Direction)
		}
	}
	if len(all) != 21 {
		t.Errorf("%d locales", len(all))
	}
}

// gaps lists what each text must leave room for, and nothing else.
var gaps = map[string][]string{
	"Date": {"day", "month", "weekday", "year"}, "ShortDate": {"dd", "mm", "yyyy"}, "Moment": {"time"}, "Span": {"from", "to"},
	"Money": {"amount", "symbol"}, "ticket_of": {"n", "of"}, "sold_by": {"name"}, "issued": {"date"}, "until": {"date"}, "duplicate": {"n"},
}

func TestLocales_EveryText_LeavesTheRightGaps(t *testing.T) {
	t.Parallel()
	for tag, l := range mustLocales(t) {
		texts := map[string]string{}
		for key, w := range l.Words {
			texts[key] = w
		}
		for _, f := range []string{"Date", "ShortDate", "Moment", "Span", "Money"} {
			texts[f] = reflect.ValueOf(l).Elem().FieldByName(f).String()
		}
		for key, text := range texts {
			got := names(text)
			slices.Sort(got)
			if !slices.Equal(got, gaps[key]) {
				t.Errorf("%s: %s is %q", tag, key, text)
			}
		}
		if c := names(l.Clock); len(c) < 2 || !slices.Contains(c, "min") {
			t.Errorf("%s: clock is %q", tag, l.Clock)
		}
	}
}

func TestLocales_EveryText_HasGlyphs(t *testing.T) {
	t.Parallel()
	f, err := loadLibrary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for tag, l := range mustLocales(t) {
		s := newShaper(f)
		s.begin(tag, l.direction())
		texts := slices.Concat(l.Weekdays, l.Months, []string{l.Date, l.Money, l.Decimal, l.Group, l.AM, l.PM, l.Span, l.Moment})
		for _, w := range l.Words {
			texts = append(texts, w)
		}
		for _, text := range texts {
			for _, bold := range []bool{false, true} {
				s.shape(text, bold, natural, false)
			}
		}
		if len(s.missing) > 0 {
			t.Errorf("%s: no glyphs for %v", tag, s.missing)
		}
	}
}

func TestPick_UnknownLanguage_FallsBack(t *testing.T) {
	t.Parallel()
	all := mustLocales(t)
	for language, want := range map[string]string{
		"fr": "fr", "FR": "fr", "fr-CA": "fr", "fr_BE": "fr", "pt-BR": "pt-br", "pt-AO": "pt", "de-ch": "de-ch", "de-CH-1996": "de-ch",
		"en-US": "en-us", "en-GB": "en", "uk": "en", "": "en", "-": "en", "he-IL": "he", "iw": "en",
		"zh-CN": "zh", "zh-Hans-SG": "zh", "zh-TW": "zh-hant", "zh_HK": "zh-hant", "zh-Hant-MO": "zh-hant", "ja-JP": "ja", "ko-KR": "ko",
	} {
		if got := pick(all, language).tag; got != want {
			t.Errorf("%q gives %s, want %s", language, got, want)
		}
	}
}

func TestLocale_DatesAndTimes_AreWrittenAsReadersDo(t *testing.T) {
	t.Parallel()
	all := mustLocales(t)
	at := time.Date(2027, 3, 5, 19, 5, 0, 0, time.UTC)
	later := at.Add(2*time.Hour + 30*time.Minute)
	for tag, want := range map[string][4]string{
		"en":    {"Friday 5 March 2027", "19:05", "19:05 – 21:35", "05/03/2027"},
		"en-us": {"Friday, March 5, 2027", "7:05 PM", "7:05 PM – 9:35 PM", "03/05/2027"},
		"fr":    {"vendredi 5 mars 2027", "19h05", "19h05 – 21h35", "05/03/2027"},
		"de":    {"Freitag, 5. März 2027", "19:05 Uhr", "19:05 – 21:35 Uhr", "05.03.2027"},
		"de-ch": {"Freitag, 5. März 2027", "19:05 Uhr", "19:05 – 21:35 Uhr", "05.03.2027"},
		"it":    {"venerdì 5 marzo 2027", "ore 19:05", "ore 19:05 – 21:35", "05/03/2027"},
		"es":    {"viernes, 5 de marzo de 2027", "19:05 h", "19:05 – 21:35 h", "05/03/2027"},
		"nl":    {"vrijdag 5 maart 2027", "19:05 uur", "19:05 – 21:35 uur", "05-03-2027"},
		"pt":    {"sexta-feira, 5 de março de 2027", "19h05", "19h05 – 21h35", "05/03/2027"},
		"pt-br": {"sexta-feira, 5 de março de 2027", "19h05", "19h05 – 21h35", "05/03/2027"},
		"he":    {"יום שישי, 5 במרץ 2027", "19:05", "19:05 – 21:35", "05.03.2027"},
		"ar":    {"الجمعة، 5 مارس 2027", "7:05 م", "7:05 م – 9:35 م", "05/03/2027"},
		"el":    {"Παρασκευή 5 Μαρτίου 2027", "19:05", "19:05 – 21:35", "05/03/2027"},
		"ru":    {"пятница, 5 марта 2027\u00a0г.", "19:05", "19:05 – 21:35", "05.03.2027"},
		"hi":    {"शुक्रवार, 5 मार्च 2027", "7:05 pm", "7:05 pm – 9:35 pm", "05/03/2027"},
		"th":    {"วันศุกร์ที่ 5 มีนาคม พ.ศ. 2570", "19:05 น.", "19:05 – 21:35 น.", "05/03/2570"},
		"zh":    {"2027年3月5日 星期五", "19:05", "19:05 – 21:35", "2027/03/05"},
		"ja":    {"2027年3月5日（金）", "19:05", "19:05 – 21:35", "2027/03/05"},
		"ko":    {"2027년 3월 5일 금요일", "오후 7:05", "오후 7:05 – 오후 9:35", "2027. 03. 05."},
		"pl":    {"piątek, 5 marca 2027", "godz. 19:05", "godz. 19:05 – 21:35", "05.03.2027"},
	} {
		l := all[tag]
		if got := [4]string{l.date(at), l.moment(at), l.span(at, later), l.shortDate(at)}; got != want {
			t.Errorf("%s: got %q, want %q", tag, got, want)
		}
	}
	if got := all["en-us"].clock(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); got != "12:00 AM" {
		t.Errorf("midnight is %q", got)
	}
	if got := all["en-us"].clock(time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)); got != "12:00 PM" {
		t.Errorf("noon is %q", got)
	}
}

func TestLocale_Money_IsWrittenAsReadersDo(t *testing.T) {
	t.Parallel()
	all := mustLocales(t)
	const nb, thin = "\u00a0", "\u202f"
	eur := domain.Money{Amount: 123456789, Currency: "EUR"}
	for tag, want := range map[string]string{
		"en": "€1,234,567.89", "fr": "1" + thin + "234" + thin + "567,89" + nb + "€", "de": "1.234.567,89" + nb + "€",
		"de-ch": "€" + nb + "1’234’567.89", "it": "1.234.567,89" + nb + "€", "nl": "€" + nb + "1.234.567,89", "he": "1,234,567.89" + nb + "€",
		"pl": "1" + nb + "234" + nb + "567,89" + nb + "€", "pt-br": "€" + nb + "1.234.567,89",
	} {
		if got := all[tag].money(eur); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	for _, c := range []struct {
		tag  string
		m    domain.Money
		want string
	}{
		{"en", domain.Money{Amount: 500, Currency: "CHF"}, "CHF" + nb + "5.00"},
		{"en", domain.Money{Amount: 500, Currency: "JPY"}, "¥500"},
		{"en", domain.Money{Amount: 5, Currency: "GBP"}, "£0.05"},
		{"en", domain.Money{Amount: -1250, Currency: "GBP"}, "−£12.50"},
		{"en", domain.Money{Amount: 1250, Currency: "USD"}, "USD" + nb + "12.50"},
		{"en-us", domain.Money{Amount: 1250, Currency: "USD"}, "$12.50"},
		{"pt-br", domain.Money{Amount: 1250, Currency: "BRL"}, "R$" + nb + "12,50"},
		{"de", domain.Money{Amount: 1234567, Currency: "TND"}, "1.234,567" + nb + "TND"},
		{"de", domain.Money{Amount: 0, Currency: "EUR"}, "0,00" + nb + "€"},
		{"de", domain.Money{}, ""},
		{"hi", domain.Money{Amount: 123456789, Currency: "INR"}, "₹12,34,567.89"},
		{"th", domain.Money{Amount: 150000, Currency: "THB"}, "฿1,500.00"},
		{"ja", domain.Money{Amount: 12000, Currency: "JPY"}, "¥12,000"},
		{"zh", domain.Money{Amount: 28000, Currency: "CNY"}, "¥280.00"},
		{"zh-hant", domain.Money{Amount: 28000, Currency: "HKD"}, "HK$280.00"},
		{"ko", domain.Money{Amount: 55000, Currency: "KRW"}, "₩55,000"},
	} {
		if got := all[c.tag].money(c.m); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.tag, c.m, got, c.want)
		}
	}
}

func TestZone_IsNamedForAReader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone string
		at   time.Month
		want string
	}{
		{"Europe/Paris", time.January, "CET"},
		{"Europe/Paris", time.July, "CEST"},
		{"Asia/Dubai", time.May, "UTC+4"},
		{"Asia/Kathmandu", time.May, "UTC+5:45"},
		{"America/Sao_Paulo", time.May, "UTC−3"},
		{"UTC", time.May, "UTC"},
	} {
		if got := zone(time.Date(2027, c.at, 1, 12, 0, 0, 0, mustZone(t, c.zone))); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.zone, c.at, got, c.want)
		}
	}
}
