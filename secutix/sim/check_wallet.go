package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/secutix/tixngo"
)

// checkWallets looks at what the simulated TIXNGO promises: every ticket's history is a way through
// the status machine of its generation and ends where the ticket stands; who is asked to accept waits
// for a transfer and no longer than its time; each acceptance is counted once as a transfer; every
// ticket has its event and every card its definition; no two changes have the same number.
func (p *Platform) checkWallets(in *institution, now time.Time) []error {
	var out []error
	for _, gen := range []string{walletV3, walletV4} {
		w := in.wallets[gen]
		if w == nil {
			continue
		}
		if err := p.settleWallet(w, now); err != nil {
			out = append(out, err)
		}
		k := &walletChecker{w: w, now: now, steps: walletSteps(gen), numbers: map[int64]string{}}
		k.run()
		slices.Sort(k.broken)
		for _, b := range k.broken {
			out = append(out, fmt.Errorf("%s: wallet %s: %s", in.w.Code, gen, b))
		}
	}
	return out
}

// walletSteps is the status machine as the pages draw it: action, from, to.
func walletSteps(gen string) map[string]string {
	if gen == walletV4 {
		return map[string]string{
			"Inject": " DELETED>NOT_DOWNLOADED", "Download": "NOT_DOWNLOADED>DOWNLOADED", "Log off": "DOWNLOADED>NOT_DOWNLOADED",
			"Assign": "DOWNLOADED>DOWNLOADED", "Transfer": "DOWNLOADED>PENDING_TRANSFER", "Accept": "PENDING_TRANSFER>DOWNLOADED",
			"Reject": "PENDING_TRANSFER>DOWNLOADED", "Cancel": "PENDING_TRANSFER>DOWNLOADED", "Recall": "PENDING_TRANSFER>DOWNLOADED",
			"Timeout": "PENDING_TRANSFER>DOWNLOADED", "Activate": "DOWNLOADED>DOWNLOADED", "Deactivate": "DOWNLOADED>DOWNLOADED",
			"Control":   "NOT_DOWNLOADED DOWNLOADED PENDING_TRANSFER>NOT_DOWNLOADED DOWNLOADED",
			"Check out": "NOT_DOWNLOADED DOWNLOADED PENDING_TRANSFER>NOT_DOWNLOADED DOWNLOADED PENDING_TRANSFER",
			"Delete":    "NOT_DOWNLOADED DOWNLOADED PENDING_TRANSFER>DELETION_PENDING DELETED",
			"Confirm":   "DELETION_PENDING>DELETED", "Reason": "DELETION_PENDING DELETED>DELETION_PENDING DELETED",
		}
	}
	const active = " BT_ACTIVATED MANUAL_ACTIVATED ONLINE_ACTIVATED OFFLINE_ACTIVATED"
	const seen = "DOWNLOADED ASSIGNED TRANSFERRED FAILURE_TRANSFER FAILURE DEACTIVATED"
	return map[string]string{
		"Inject": " DELETED>INJECTED", "Download": "INJECTED>DOWNLOADED", "Assign": "DOWNLOADED>ASSIGNED",
		"Transfer": "DOWNLOADED ASSIGNED TRANSFERRED FAILURE_TRANSFER>PENDING_TRANSFER", "Accept": "PENDING_TRANSFER>TRANSFERRED",
		"Reject": "PENDING_TRANSFER>FAILURE_TRANSFER", "Cancel": "PENDING_TRANSFER>FAILURE_TRANSFER",
		"Timeout": "PENDING_TRANSFER>FAILURE_TRANSFER", "Recall": "PENDING_TRANSFER>FAILURE",
		"Activate": seen + ">" + active, "Deactivate": active + ">DEACTIVATED",
		"Control": "INJECTED PENDING_TRANSFER " + seen + active + ">CONTROLLED",
		"Delete":  "INJECTED PENDING_TRANSFER CONTROLLED " + seen + active + ">DELETION_PENDING",
		"Confirm": "DELETION_PENDING>DELETED", "Reason": "DELETION_PENDING DELETED>DELETION_PENDING DELETED",
	}
}

type walletChecker struct {
	w       *wallet
	now     time.Time
	steps   map[string]string
	numbers map[int64]string // of changes, to ticket
	broken  []string
}

func (k *walletChecker) bad(format string, args ...any) {
	k.broken = append(k.broken, fmt.Sprintf(format, args...))
}

func (k *walletChecker) run() {
	for id, t := range k.w.tickets {
		k.history(t)
		k.state(t)
		if id != t.ID {
			k.bad("ticket %s is kept as %s", t.ID, id)
		}
		if other, ok := k.numbers[t.seq]; ok || t.seq < 1 || t.seq > k.w.seq {
			k.bad("ticket %s has change %d of %d, as has %q", t.ID, t.seq, k.w.seq, other)
		}
		k.numbers[t.seq] = t.ID
	}
	lines := map[int64]bool{}
	for _, t := range k.w.tickets {
		for i, l := range t.History {
			if l.Seq < 1 || l.Seq > k.w.lines || lines[l.Seq] || i > 0 && l.Seq < t.History[i-1].Seq {
				k.bad("step %d of ticket %s is number %d of %d", i+1, t.ID, l.Seq, k.w.lines)
			}
			lines[l.Seq] = true
		}
	}
	for _, c := range k.w.cards {
		if waits := c.Status == tixngo.StatusDeletionPending; waits != !c.Until.IsZero() || (waits && !k.now.Before(c.Until)) {
			k.bad("privilege %s is %s until %s", c.ID, c.Status, c.Until)
		}
		if _, ok := k.w.definitions[c.Definition]; !ok {
			k.bad("privilege %s has no definition", c.ID)
		}
	}
}

// history walks the steps of a ticket.
func (k *walletChecker) history(t *walletTicket) {
	status, transfers := tixngo.Status(""), 0
	for _, l := range t.History {
		from, to, known := strings.Cut(k.steps[l.Action], ">")
		// The empty status is where a ticket begins; only an injection leads from it.
		legal := slices.Contains(strings.Split(from, " "), string(l.From)) && slices.Contains(strings.Fields(to), string(l.To))
		if !known || !legal || l.From != status || (l.From == "" && l.Action != "Inject") {
			k.bad("ticket %s went from %q by %s to %s", t.ID, status, l.Action, l.To)
		}
		status = l.To
		switch l.Action {
		case "Accept":
			transfers++
		case "Inject":
			transfers = 0 // a new life
		}
	}
	if status != t.Status {
		k.bad("ticket %s is %s, its history ends with %q", t.ID, t.Status, status)
	}
	if t.Forward+t.Backward != transfers || t.Level < 0 {
		k.bad("ticket %s counts %d and %d transfers of %d, level %d", t.ID, t.Forward, t.Backward, transfers, t.Level)
	}
}

func (k *walletChecker) state(t *walletTicket) {
	if (t.Status == tixngo.StatusPendingTransfer) != !t.Recipient.IsZero() {
		k.bad("ticket %s is %s with the recipient named: %t", t.ID, t.Status, !t.Recipient.IsZero())
	}
	waits := t.Status == tixngo.StatusPendingTransfer || t.Status == tixngo.StatusDeletionPending
	if waits != !t.Until.IsZero() || (waits && !k.now.Before(t.Until)) {
		k.bad("ticket %s is %s until %s", t.ID, t.Status, t.Until)
	}
	if t.Owner.Email == "" || t.Initial.Email == "" {
		k.bad("ticket %s belongs to nobody", t.ID)
	}
	if _, ok := k.w.events[string(t.Payload.Event.ID)]; !ok {
		k.bad("ticket %s has no event", t.ID)
	}
	if k.w.gen == walletV3 && activated(t.Status) == t.Activated.IsZero() && t.Status != tixngo.StatusControlled &&
		t.Status != tixngo.StatusDeletionPending && t.Status != tixngo.StatusDeleted {
		k.bad("ticket %s is %s, activated %s", t.ID, t.Status, t.Activated)
	}
}
