package secutix

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/secutix/s360"
)

// Classes of refusals, as words in the platform's error codes tell them.
const (
	ClassAvailability = "availability" // nothing left
	ClassDead         = "dead"         // the order has expired or was given up
	ClassPayment      = "payment"      // the pending account or the amount
	ClassContact      = "contact"      // the purchaser
	ClassConfig       = "config"       // our rights or set-up
	ClassMissing      = "missing"      // it knows no such thing
)

// Classes lists the classes.
func Classes() []string {
	return []string{ClassAvailability, ClassDead, ClassPayment, ClassContact, ClassConfig, ClassMissing}
}

// Words is the table of what a code must contain for which class, tried in order, letter case ignored. The platform's own
// list of codes is not known; operations can put words in front of these by configuration, without a release.
func Words() []Word {
	return []Word{
		{"availab", ClassAvailability},
		{"quota", ClassAvailability},
		{"contingent", ClassAvailability},
		{"seat", ClassAvailability},
		{"gauge", ClassAvailability},
		{"soldout", ClassAvailability},
		{"expir", ClassDead},
		{"abandon", ClassDead},
		{"notrunning", ClassDead},
		{"state", ClassDead},
		{"payment", ClassPayment},
		{"amount", ClassPayment},
		{"credit", ClassPayment},
		{"account", ClassPayment},
		{"balance", ClassPayment},
		{"contact", ClassContact},
		{"purchaser", ClassContact},
		{"pointofsales", ClassConfig},
		{"permission", ClassConfig},
		{"forbidden", ClassConfig},
		{"right", ClassConfig},
		{"unknown", ClassMissing},
		{"notfound", ClassMissing},
		{"notexist", ClassMissing},
	}
}

// Word is one line of the table.
type Word struct {
	Contains string
	Class    string
}

// toError is the one table from the client's failures to the domain's, with an institution's own words for refusals in
// front. The platform's own text stays in the cause.
func toError(err error, first ...Word) error {
	var e *s360.Error
	if !errors.As(err, &e) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform was not asked in time").Because(err)
		}
		return err
	}
	out := translate(e, first)
	out.Uncertain = e.Uncertain()
	if out.RetryAfter == 0 {
		out.RetryAfter = e.RetryAfter
	}
	return out.Because(err)
}

func translate(e *s360.Error, first []Word) *domain.Error {
	switch e.Kind {
	case s360.KindRefused:
		var own *domain.Error
		if errors.As(e.Err, &own) {
			copied := *own
			return &copied
		}
		return domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform was not asked in time")
	case s360.KindRateLimited:
		out := domain.Errorf(domain.Limited, domain.CodePlatformLimited, "the platform has had too many calls this minute")
		out.RetryAfter = time.Minute
		return out
	case s360.KindAuth:
		return domain.Errorf(domain.Unavailable, domain.CodePlatformAuth, "the platform refuses our credentials")
	case s360.KindVersionGone:
		return domain.Errorf(domain.Unavailable, domain.CodePlatformConfig, "the platform does not have this service version any more")
	case s360.KindInProgress:
		out := domain.Errorf(domain.Unavailable, domain.CodePlatformInProgress, "the platform is still working on it")
		out.RetryAfter = 10 * time.Second
		return out
	case s360.KindBusiness:
		return refusal(e.Code, first)
	case s360.KindFault, s360.KindDecode:
		return domain.Errorf(domain.Upstream, domain.CodePlatformAnswer, "the platform's answer cannot be used")
	default:
		var own *domain.Error
		if errors.As(e.Err, &own) { // our own transport said why it did not send
			copied := *own
			return &copied
		}
		out := domain.Errorf(domain.Unavailable, domain.CodePlatformUnreachable, "the platform does not answer")
		out.RetryAfter = 5 * time.Second
		return out
	}
}

// refusal is what a code of the platform means for a sale.
func refusal(code string, first []Word) *domain.Error {
	switch classOf(code, append(slices.Clone(first), Words()...)) {
	case ClassAvailability:
		return domain.Errorf(domain.Conflict, sales.CodeAvailability, "the platform has nothing left of what was asked")
	case ClassDead:
		return domain.Errorf(domain.Gone, sales.CodeHoldExpired, "the platform does not hold this order any more")
	case ClassPayment:
		return domain.Errorf(domain.Conflict, sales.CodePayment, "the platform refused the payment on the pending account")
	case ClassContact:
		return domain.Errorf(domain.Invalid, sales.CodeContact, "the platform refused the purchaser's contact")
	case ClassConfig:
		return domain.Errorf(domain.Unavailable, domain.CodePlatformConfig, "the platform does not allow us this")
	default:
		return domain.Errorf(domain.Conflict, domain.CodePlatformRefused, "the platform refused for a reason we do not know")
	}
}

// classOf is the class of the first word that the code contains; empty for none.
func classOf(code string, words []Word) string {
	code = strings.ToLower(code)
	for _, w := range words {
		if strings.Contains(code, strings.ToLower(w.Contains)) {
			return w.Class
		}
	}
	return ""
}
