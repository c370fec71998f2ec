package main

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/secutix"
)

// hooks takes what S-360 pushes as hints of what to ask it. It keeps nothing of a push: orders of others are personal data
// that is not ours.
type hooks struct {
	tokens  map[domain.InstitutionCode]domain.Secret
	catalog *catalog.Service
	sales   *sales.Service
	metrics *metrics
	log     *slog.Logger
}

func newHooks(a *app) *hooks {
	h := &hooks{tokens: map[domain.InstitutionCode]domain.Secret{}, catalog: a.catalog, sales: a.sales, metrics: a.metrics, log: a.log}
	for i := range a.cfg.Institutions {
		if in := &a.cfg.Institutions[i]; in.WebhookToken != "" {
			h.tokens[domain.InstitutionCode(in.Code)] = in.WebhookToken
		}
	}
	return h
}

// Known implements api.Hooks. Digests are compared, so that not even the length of a token shows in the time it takes.
func (h *hooks) Known(code domain.InstitutionCode, token string) bool {
	want, ok := h.tokens[code]
	a, b := sha256.Sum256([]byte(want.Reveal())), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && ok
}

// Take implements api.Hooks.
func (h *hooks) Take(ctx context.Context, code domain.InstitutionCode, body []byte) error {
	p := secutix.ReadPush(body)
	if p.Products > 0 {
		if err := h.catalog.Hint(ctx, code); err != nil {
			return err
		}
	}
	ours := 0
	for _, id := range p.Orders {
		asked, err := h.sales.Hint(ctx, code, id)
		if err != nil {
			return err
		}
		if asked {
			ours++
		}
	}
	for _, file := range p.Files {
		asked, err := h.sales.HintFile(ctx, code, file)
		if err != nil {
			return err
		}
		if asked {
			ours++
		}
	}
	h.metrics.observePush(code, "product", p.Products)
	h.metrics.observePush(code, "order", len(p.Orders))
	h.metrics.observePush(code, "other", p.Other)
	level := slog.LevelDebug
	if p.Other > 0 {
		level = slog.LevelWarn
	}
	h.log.LogAttrs(ctx, level, "push", slog.String("institution", string(code)), slog.Int("products", p.Products),
		slog.Int("orders", len(p.Orders)), slog.Int("settling", ours), slog.Int("not_understood", p.Other), slog.Int("bytes", len(body)))
	return nil
}
