package domain_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"guichet/domain"
)

func TestAsError_FindsOursAnywhereInTheChain(t *testing.T) {
	t.Parallel()
	own := domain.Errorf(domain.Conflict, "order.availability", "nothing left")
	for name, err := range map[string]error{
		"itself": own, "wrapped": fmt.Errorf("hold: %w", own), "joined": errors.Join(errors.New("other"), own),
	} {
		if got := domain.AsError(err); got != own {
			t.Errorf("%s: %v", name, got)
		}
		if !domain.HasCode(err, "order.availability") || domain.HasCode(err, "order.payment") {
			t.Errorf("%s: wrong code", name)
		}
	}
}

func TestAsError_AnythingElseIsInternalAndKeepsItsTextInside(t *testing.T) {
	t.Parallel()
	e := domain.AsError(fmt.Errorf("dial tcp: %w", context.DeadlineExceeded))
	if e.Kind != domain.Internal || e.Code != domain.CodeInternal || e.Detail != "" {
		t.Errorf("got %+v", e)
	}
	if !errors.Is(e, context.DeadlineExceeded) {
		t.Error("the cause is lost")
	}
	if domain.AsError(nil) != nil || domain.HasCode(nil, domain.CodeInternal) {
		t.Error("no error became one")
	}
}

func TestError_TextHasCodeDetailAndCause(t *testing.T) {
	t.Parallel()
	e := domain.Errorf(domain.Upstream, "platform.answer", "cannot be used").Because(errors.New("line 3")).WithField("/a", "b", "c")
	if got := e.Error(); got != "platform.answer: cannot be used: line 3" {
		t.Errorf("text %q", got)
	}
	if strings.Contains(e.Detail, "line 3") {
		t.Error("the cause is shown to the caller")
	}
	if len(e.Fields) != 1 || e.Fields[0] != (domain.FieldError{Pointer: "/a", Code: "b", Detail: "c"}) {
		t.Errorf("fields %v", e.Fields)
	}
}

func TestInstitution_UnknownZoneIsUTC(t *testing.T) {
	t.Parallel()
	if got := (domain.Institution{TimeZone: "Nowhere/Land"}).Location().String(); got != "UTC" {
		t.Errorf("got %s", got)
	}
	if got := (domain.Institution{TimeZone: "Europe/Paris"}).Location().String(); got != "Europe/Paris" {
		t.Errorf("got %s", got)
	}
}
