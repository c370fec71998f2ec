package main

import (
	"path/filepath"
	"strings"
	"testing"

	"guichet/templates"
)

func TestLayoutChoices_OneThatDoesNotExistIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	r, err := templates.New(templates.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{LayoutChoices: []LayoutChoice{{Layout: "four"}, {Layout: "venue"}, {Layout: "card"}, {Layout: "kiosk"}}}
	err = c.checkChosenLayouts(r)
	if err == nil || err.Error() != "layout_choices: number 2: there is no layout \"venue\"\nlayout_choices: number 4: there is no layout \"kiosk\"" {
		t.Errorf("got %v", err)
	}
	c.LayoutChoices = c.LayoutChoices[:1]
	if err := c.checkChosenLayouts(r); err != nil {
		t.Error(err)
	}
}

func TestServeAndDoctor_SayThatAChosenLayoutDoesNotExist(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "guichet.yaml")
	write(t, filepath.Join(dir, "theatre.secret"), "open-sesame\n")
	write(t, file, "data_dir: "+dir+"\nlayout_choices: [{layout: standard}, {layout: venue}]\ninstitutions:\n"+
		"  - {code: theatre, base_url: 'http://127.0.0.1:1', operator: O, partner: P, partner_contact: '1', secret_file: theatre.secret}\n")
	for _, command := range []string{"serve", "doctor"} {
		if out := fails(t, nil, command, "--config", file); !strings.Contains(out, `layout_choices: number 2: there is no layout "venue"`) {
			t.Errorf("%s: %s", command, out)
		}
	}
}
