package domain_test

import (
	"testing"

	"guichet/domain"
)

func TestText_FallsBackFromWantedToBaseToFirst(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		text       domain.Text
		wanted     []string
		want, lang string
	}{
		{"wanted", domain.Text{"fr": "Bonjour", "en": "Hello"}, []string{"en"}, "Hello", "en"},
		{"case of the tag", domain.Text{"pt-br": "Oi"}, []string{"PT-BR"}, "Oi", "pt-br"},
		{"base language", domain.Text{"pt": "Olá", "en": "Hello"}, []string{"pt-BR"}, "Olá", "pt"},
		{"base before the next wanted", domain.Text{"de": "Hallo", "en": "Hello"}, []string{"de-ch", "en"}, "Hallo", "de"},
		{"second wanted", domain.Text{"en": "Hello"}, []string{"fr", "en"}, "Hello", "en"},
		{"blank is no text", domain.Text{"fr": "  ", "en": "Hello"}, []string{"fr"}, "Hello", "en"},
		{"first of the alphabet", domain.Text{"it": "Ciao", "de": "Hallo", "en": " "}, []string{"fr"}, "Hallo", "de"},
		{"none wanted", domain.Text{"it": "Ciao", "de": "Hallo"}, nil, "Hallo", "de"},
		{"no text", nil, []string{"fr"}, "", ""},
		{"all blank", domain.Text{"fr": "\t"}, []string{"fr"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range 20 { // a map's order must not show
				if text, lang := tt.text.In(tt.wanted...); text != tt.want || lang != tt.lang {
					t.Fatalf("%q in %q, want %q in %q", text, lang, tt.want, tt.lang)
				}
			}
		})
	}
}

func TestText_OrGivesTheCodeWhereThereIsNoText(t *testing.T) {
	t.Parallel()
	if got := (domain.Text{"fr": " "}).Or("CAT1", "fr"); got != "CAT1" {
		t.Errorf("got %q", got)
	}
	if got := (domain.Text{"fr": "Catégorie"}).Or("CAT1", "en"); got != "Catégorie" {
		t.Errorf("got %q", got)
	}
}
