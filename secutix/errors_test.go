package secutix

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/quota"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

func TestToError_TranslatesEveryKind(t *testing.T) {
	t.Parallel()
	own := domain.Errorf(domain.Limited, quota.CodeMonth, "spent")
	tests := []struct {
		in    s360.Error
		kind  domain.Kind
		code  string
		retry time.Duration
	}{
		{s360.Error{Kind: s360.KindUnavailable}, domain.Unavailable, domain.CodePlatformUnreachable, 5 * time.Second},
		{s360.Error{Kind: s360.KindUnavailable, RetryAfter: time.Minute}, domain.Unavailable, domain.CodePlatformUnreachable, 5 * time.Second},
		{s360.Error{Kind: s360.KindUnavailable, Err: own}, domain.Limited, quota.CodeMonth, 0},
		{s360.Error{Kind: s360.KindRateLimited}, domain.Limited, domain.CodePlatformLimited, time.Minute},
		{s360.Error{Kind: s360.KindAuth}, domain.Unavailable, domain.CodePlatformAuth, 0},
		{s360.Error{Kind: s360.KindFault}, domain.Upstream, domain.CodePlatformAnswer, 0},
		{s360.Error{Kind: s360.KindDecode}, domain.Upstream, domain.CodePlatformAnswer, 0},
		{s360.Error{Kind: s360.KindVersionGone}, domain.Unavailable, domain.CodePlatformConfig, 0},
		{s360.Error{Kind: s360.KindInProgress}, domain.Unavailable, domain.CodePlatformInProgress, 10 * time.Second},
		{s360.Error{Kind: s360.KindRefused, Err: own}, domain.Limited, quota.CodeMonth, 0},
		{s360.Error{Kind: s360.KindRefused, Err: context.Canceled}, domain.Unavailable, domain.CodePlatformUnreachable, 0},
		{s360.Error{Kind: 99}, domain.Unavailable, domain.CodePlatformUnreachable, 5 * time.Second},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.order.availability"}, domain.Conflict, sales.CodeAvailability, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.seat.taken"}, domain.Conflict, sales.CodeAvailability, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.order.expired"}, domain.Gone, sales.CodeHoldExpired, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.order.notRunning"}, domain.Gone, sales.CodeHoldExpired, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.PAYMENT.method"}, domain.Conflict, sales.CodePayment, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.account.blocked"}, domain.Conflict, sales.CodePayment, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.contact.unknown"}, domain.Invalid, sales.CodeContact, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.pointOfSales.unknown"}, domain.Unavailable, domain.CodePlatformConfig, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "forbidden"}, domain.Unavailable, domain.CodePlatformConfig, 0},
		{s360.Error{Kind: s360.KindBusiness, Code: "error.moon.phase"}, domain.Conflict, domain.CodePlatformRefused, 0},
		{s360.Error{Kind: s360.KindBusiness}, domain.Conflict, domain.CodePlatformRefused, 0},
	}
	for _, tt := range tests {
		in := tt.in
		in.Detail = "the platform's own words"
		for _, changing := range []bool{false, true} {
			in.Changing, in.Sent = changing, changing
			e := domain.AsError(toError(fmt.Errorf("call: %w", &in)))
			if e.Kind != tt.kind || e.Code != tt.code || e.RetryAfter != tt.retry || e.Uncertain != in.Uncertain() {
				t.Errorf("%s %s: %+v", in.Kind, in.Code, e)
			}
			if strings.Contains(e.Detail, "own words") || !errors.As(e, new(*s360.Error)) {
				t.Errorf("%s %s: detail %q, cause %v", in.Kind, in.Code, e.Detail, e.Cause)
			}
		}
	}
	if own.Cause != nil || own.Uncertain {
		t.Errorf("the meter's own error was changed: %+v", own)
	}
}

func TestToError_WhatIsNotTheClientsError(t *testing.T) {
	t.Parallel()
	for _, err := range []error{context.Canceled, fmt.Errorf("x: %w", context.DeadlineExceeded)} {
		if e := domain.AsError(toError(err)); e.Code != domain.CodePlatformUnreachable || e.Kind != domain.Unavailable {
			t.Errorf("%v: %+v", err, e)
		}
	}
	other := errors.New("other")
	if got := toError(other); !errors.Is(got, other) || domain.AsError(got).Kind != domain.Internal {
		t.Errorf("got %v", got)
	}
}
