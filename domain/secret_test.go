package domain_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"guichet/domain"
)

func TestSecret_IsNeverShown(t *testing.T) {
	t.Parallel()
	const hidden = "rideau-rouge"
	s := domain.Secret(hidden)
	type settings struct {
		Name   string
		Secret domain.Secret
		Others map[string]domain.Secret
	}
	in := settings{Name: "n", Secret: s, Others: map[string]domain.Secret{"a": s}}

	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(h).Info("m", "secret", s, "settings", in, slog.Group("g", "secret", s))
	}
	asJSON, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v %v %v", s, in, &in), "%+v": fmt.Sprintf("%+v %+v", s, in), "%#v": fmt.Sprintf("%#v %#v", s, in),
		"%s": fmt.Sprintf("<%s>", s), "%q": fmt.Sprintf("%q", s), "%x": fmt.Sprintf("%x", s), "Sprint": fmt.Sprint(s),
		"error": fmt.Errorf("refused: %v", s).Error(), "slog": log.String(), "JSON": string(asJSON),
	} {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
			t.Errorf("%s shows it: %s", name, text)
		}
		if name != "%x" && !strings.Contains(text, "***") {
			t.Errorf("%s does not say that there is one: %s", name, text)
		}
	}
	if s.Reveal() != hidden {
		t.Errorf("reveal %q", s.Reveal())
	}
}

func TestSecret_EmptyShowsThatThereIsNone(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(domain.Secret("")); got != "" {
		t.Errorf("got %q", got)
	}
}
