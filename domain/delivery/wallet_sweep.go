package delivery

import (
	"context"
	"log/slog"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// Sweep looks at the passes that are due, a bounded number of them, and tells Apple's phones and Google of those that say
// something else than they did. It may be lost, doubled or late: the rows say what is due. A vendor that does not answer is
// left alone until the next sweep.
func (w *Wallets) Sweep(ctx context.Context) (domain.Outcome, error) {
	if w == nil {
		return domain.Outcome{Detail: "no wallet is configured"}, nil
	}
	due, err := w.Store.DuePasses(ctx, w.Clock(), walletBatch)
	if err != nil {
		return domain.Outcome{}, err
	}
	out := domain.Outcome{}
	away := map[WalletKind]bool{}
	for i := range due {
		row := &due[i]
		if ctx.Err() != nil {
			return out, context.Cause(ctx)
		}
		if away[row.Wallet] {
			out.Left++
			continue
		}
		if err := w.look(ctx, row); err != nil {
			out.Left++
			e := domain.AsError(err)
			away[row.Wallet] = e.Code == CodeWalletAway
			w.Log.WarnContext(ctx, "pass not brought up to date", slog.String("wallet", string(row.Wallet)), slog.String("order", string(row.Order)),
				slog.String("ticket", row.Ticket), slog.String("error", err.Error()))
			if err := w.postpone(ctx, row); err != nil {
				return out, err
			}
			continue
		}
		out.Done++
	}
	return out, nil
}

// look brings one pass up to date.
func (w *Wallets) look(ctx context.Context, row *WalletPass) error {
	o, err := w.Orders.Order(ctx, row.Order)
	if domain.HasCode(err, sales.CodeUnknown) {
		return w.retire(ctx, row)
	}
	if err != nil {
		return err
	}
	var p Pass
	if row.Wallet == googleClasses {
		p, err = w.Tickets.classPass(&o, row.Ticket)
	} else {
		p, err = w.Tickets.pass(&o, row.Ticket, row.Language)
	}
	if err != nil {
		return err
	}
	digest, err := p.digest()
	if err != nil {
		return err
	}
	switch {
	case row.Wallet == AppleWallet && w.Apple != nil:
		return w.tell(ctx, row, &p, digest)
	case row.Wallet != AppleWallet && w.Google != nil && digest != row.Digest:
		return w.save(ctx, *row, p, digest)
	}
	return w.rest(ctx, row, w.next(&p, w.Clock()))
}

// tell notes that an Apple pass has changed, then pushes to the phones that have it, then notes that they know.
func (w *Wallets) tell(ctx context.Context, row *WalletPass, p *Pass, digest string) error {
	now := w.Clock()
	if digest != row.Digest {
		noted, err := w.Store.UpdatePass(ctx, row.Wallet, row.Serial, func(k *WalletPass) error {
			k.UpdatedAt = later(now, k.UpdatedAt)
			k.Digest, k.Untold = digest, true
			return nil
		})
		if err != nil {
			return err
		}
		row.Untold = noted.Untold
	}
	devices, err := w.Store.Devices(ctx, row.Serial)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if !row.Untold {
			break
		}
		err := w.Apple.Push(ctx, d.PushToken)
		if domain.HasCode(err, CodeWalletGone) {
			err = w.Store.ForgetPushToken(ctx, d.PushToken)
		}
		if err != nil {
			return err
		}
	}
	next := w.next(p, now)
	if len(devices) == 0 {
		next = time.Time{} // until a phone registers
	}
	return w.rest(ctx, row, next)
}

// later is now, and at least a second after what it follows: phones are told in whole seconds.
func later(now, before time.Time) time.Time {
	if least := before.Truncate(time.Second).Add(time.Second); now.Before(least) {
		return least
	}
	return now
}

// rest lets a pass be until next.
func (w *Wallets) rest(ctx context.Context, row *WalletPass, next time.Time) error {
	_, err := w.Store.UpdatePass(ctx, row.Wallet, row.Serial, func(k *WalletPass) error {
		k.Untold, k.Tries = false, 0
		k.settle(row, next)
		return nil
	})
	return err
}

func (w *Wallets) retire(ctx context.Context, row *WalletPass) error {
	return w.rest(ctx, row, time.Time{})
}

// postpone tries again later, the later the oftener it failed: after half a minute, up to six hours.
func (w *Wallets) postpone(ctx context.Context, row *WalletPass) error {
	now := w.Clock()
	_, err := w.Store.UpdatePass(ctx, row.Wallet, row.Serial, func(k *WalletPass) error {
		wait := min(30*time.Second<<min(k.Tries, 10), walletEvery)
		k.Tries++
		k.settle(row, now.Add(wait))
		return nil
	})
	return err
}
