package storagetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

func mailTests() []test {
	return []test{
		{"an issued order's confirmation comes with the change, once", confirmationOnce},
		{"a change that fails leaves no confirmation", confirmationRolledBack},
		{"a mail is kept as it was queued, with its job", mailKept},
		{"a key is one mail, also for many at once", mailKeyOnce},
		{"a mail of an unknown order is refused", mailOfNoOrder},
		{"a mail is changed by one at a time", mailChanged},
		{"what is due comes with the longest waiting first", mailsDue},
		{"mails are listed by order, state and institution, newest first, page by page", mailsListed},
		{"what waits and what went wrong lately is counted", mailsCounted},
		{"how far changes were told is kept, and what comes next is found", changesTold},
	}
}

func mailsCounted(t check) {
	o := create(t, order(1))
	for n, status := range []delivery.MailStatus{delivery.MailQueued, delivery.MailQueued, delivery.MailSent, delivery.MailFailed, delivery.MailFailed, delivery.MailBounced} {
		m := letter(n, o.ID)
		m.Status = status
		if status == delivery.MailFailed || status == delivery.MailBounced {
			m.EndedAt = noon().Add(-time.Duration(n) * time.Hour)
		}
		queue(t, m)
	}
	got, err := t.db.Mails().CountMails(t.Context(), noon().Add(-3*time.Hour))
	want := []delivery.MailCount{{Institution: "opera", Status: delivery.MailFailed, N: 1, Oldest: noon().Add(3 * time.Second)}, {Institution: "opera", Status: delivery.MailQueued, N: 2, Oldest: noon()}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// letter is the nth mail of an order, queued n seconds after noon.
func letter(n int, o sales.OrderID) delivery.Mail {
	at := noon().Add(time.Duration(n) * time.Second)
	return delivery.Mail{
		ID: delivery.MailID(fmt.Sprintf("mail_%04d", n)), Order: o, Institution: "opera", Storefront: "kiosk", Reason: delivery.MailAsked,
		To: "ada@example.org", Language: "fr", Status: delivery.MailQueued, QueuedAt: at, NextAt: at,
	}
}

func queue(t check, m delivery.Mail) delivery.Mail {
	t.Helper()
	stored, created, err := t.db.Mails().QueueMail(t.Context(), m, nil)
	if err != nil || !created {
		t.Fatalf("queue %s: %t, %v", m.ID, created, err)
	}
	return stored
}

func confirmationOnce(t check) {
	o := create(t, order(1))
	for range 3 {
		before := jobs(t)
		stored, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(o *sales.Order) error {
			o.Status, o.ConfirmByMail = sales.Issued, true
			return nil
		})
		if err != nil || stored.ConfirmByMail {
			t.Fatalf("%t, %v", stored.ConfirmByMail, err)
		}
		if n := jobs(t) - before; n > 1 {
			t.Errorf("%d jobs", n)
		}
	}
	list, _, err := t.db.Mails().Mails(t.Context(), delivery.MailQuery{Order: o.ID})
	if err != nil || len(list) != 1 || list[0].Reason != delivery.MailIssued || list[0].Status != delivery.MailQueued || list[0].To != "" || list[0].Storefront != "kiosk" {
		t.Errorf("%+v, %v", list, err)
	}
	if n := jobs(t); n != 1 {
		t.Errorf("%d jobs for one mail", n)
	}
}

func confirmationRolledBack(t check) {
	a, b := create(t, order(1)), create(t, order(2))
	_, err := t.db.Sales().UpdateOrder(t.Context(), b.ID, func(o *sales.Order) error {
		o.ConfirmByMail, o.Platform.OrderID = true, a.Platform.OrderID // which is the other's
		return nil
	})
	if err == nil {
		t.Fatal("stored")
	}
	if list, _, err := t.db.Mails().Mails(t.Context(), delivery.MailQuery{}); err != nil || len(list) != 0 || jobs(t) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func mailKept(t check) {
	o := create(t, order(1))
	want := letter(1, o.ID)
	want.Digest, want.Code, want.Detail, want.Attempts = "d", "mail.relay", "451 später", 3
	want.SentAt, want.EndedAt = noon().Add(time.Hour), noon().Add(2*time.Hour)
	queue(t, want)
	got, err := t.db.Mails().Mail(t.Context(), want.ID)
	want.Version = 1
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if n := jobs(t); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if again, created, err := t.db.Mails().QueueMail(t.Context(), letter(1, o.ID), nil); created || err != nil || again.Attempts != 3 || jobs(t) != 1 {
		t.Errorf("queued again: %+v, %t, %v", again, created, err)
	}
	_, err = t.db.Mails().Mail(t.Context(), "mail_none")
	wantCode(t, err, domain.NotFound, delivery.CodeMailUnknown)
}

func mailKeyOnce(t check) {
	o := create(t, order(1))
	k := sales.Key{Storefront: "kiosk", Key: "m", Call: "deliver", Digest: "a", Order: o.ID, At: noon()}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 8 {
		wg.Go(func() {
			key := k
			m, created, err := t.db.Mails().QueueMail(t.Context(), letter(1, o.ID), &key)
			if err != nil || m.ID != letter(1, o.ID).ID {
				t.Errorf("%+v, %v", m, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if created {
				made++
			}
		})
	}
	wg.Wait()
	if made != 1 || jobs(t) != 1 {
		t.Errorf("queued %d times with %d jobs", made, jobs(t))
	}
	k.Digest = "b"
	_, _, err := t.db.Mails().QueueMail(t.Context(), letter(2, o.ID), &k)
	wantCode(t, err, domain.Invalid, sales.CodeKeyReused)
	if _, err := t.db.Mails().Mail(t.Context(), letter(2, o.ID).ID); err == nil {
		t.Error("the mail of a reused key is stored")
	}
}

func mailOfNoOrder(t check) {
	_, _, err := t.db.Mails().QueueMail(t.Context(), letter(1, "ord_none"), nil)
	wantCode(t, err, domain.NotFound, sales.CodeUnknown)
	if jobs(t) != 0 {
		t.Error("its job is there")
	}
}

func mailChanged(t check) {
	o := create(t, order(1))
	id := queue(t, letter(1, o.ID)).ID
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := t.db.Mails().UpdateMail(t.Context(), id, func(m *delivery.Mail) error { m.Attempts++; return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if m, err := t.db.Mails().Mail(t.Context(), id); err != nil || m.Attempts != 12 || m.Version != 13 {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := t.db.Mails().UpdateMail(t.Context(), id, func(m *delivery.Mail) error { m.Attempts = 99; return errClosure }); !errors.Is(err, errClosure) {
		t.Error(err)
	}
	if m, _ := t.db.Mails().Mail(t.Context(), id); m.Attempts != 12 {
		t.Errorf("a refused change is stored: %+v", m)
	}
	_, err := t.db.Mails().UpdateMail(t.Context(), "mail_none", func(*delivery.Mail) error { return nil })
	wantCode(t, err, domain.NotFound, delivery.CodeMailUnknown)
}

func mailsDue(t check) {
	o := create(t, order(1))
	for n, status := range []delivery.MailStatus{
		delivery.MailQueued, delivery.MailSending, delivery.MailSent, delivery.MailFailed, delivery.MailBounced, delivery.MailQueued, delivery.MailQueued,
	} {
		m := letter(n, o.ID)
		m.Status, m.NextAt = status, noon().Add(-time.Duration(n)*time.Minute)
		if n == 6 {
			m.NextAt = noon().Add(time.Millisecond)
		}
		queue(t, m)
	}
	for limit, want := range map[int][]delivery.MailID{10: {"mail_0005", "mail_0001", "mail_0000"}, 2: {"mail_0005", "mail_0001"}} {
		got, err := t.db.Mails().DueMails(t.Context(), noon(), limit)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%d: %v\n%s", limit, err, diff)
		}
	}
}

func mailsListed(t check) {
	a, b := create(t, order(1)), create(t, order(2))
	for n := range 7 {
		m := letter(n, a.ID)
		if n%2 == 1 {
			m.Order, m.Institution, m.Status = b.ID, "play", delivery.MailFailed
		}
		queue(t, m)
	}
	list := func(q delivery.MailQuery) (ids []delivery.MailID, pages int) {
		t.Helper()
		for pages < 10 {
			mails, next, err := t.db.Mails().Mails(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mails {
				ids = append(ids, m.ID)
			}
			pages++
			if q.Page.Cursor = next; next == "" {
				return ids, pages
			}
		}
		return ids, pages
	}
	odd, even := []delivery.MailID{"mail_0005", "mail_0003", "mail_0001"}, []delivery.MailID{"mail_0006", "mail_0004", "mail_0002", "mail_0000"}
	for name, c := range map[string]struct {
		q    delivery.MailQuery
		want []delivery.MailID
	}{
		"order":          {delivery.MailQuery{Order: a.ID}, even},
		"state":          {delivery.MailQuery{Statuses: []delivery.MailStatus{delivery.MailFailed, delivery.MailSent}}, odd},
		"institution":    {delivery.MailQuery{Institutions: []domain.InstitutionCode{"play"}}, odd},
		"no institution": {delivery.MailQuery{Institutions: []domain.InstitutionCode{}}, nil},
	} {
		if got, _ := list(c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got, pages := list(delivery.MailQuery{Page: domain.Page{Limit: 3}}); len(got) != 7 || pages != 3 || got[0] != "mail_0006" || got[6] != "mail_0000" {
		t.Errorf("%v in %d pages", got, pages)
	}
	if _, _, err := t.db.Mails().Mails(t.Context(), delivery.MailQuery{Page: domain.Page{Cursor: "x"}}); !domain.HasCode(err, domain.CodeRequest) {
		t.Error(err)
	}
}

func changesTold(t check) {
	store := t.db.Mails()
	if _, known, err := store.MailMark(t.Context(), "opera"); known || err != nil {
		t.Fatalf("%t, %v", known, err)
	}
	first := replace(t, noon(), catalog.Change{Sort: catalog.ChangeMoved, Product: 1, Performance: 2}).AvailabilitySeq
	second := replace(t, noon(), catalog.Change{Sort: catalog.ChangeRepriced, Product: 1, Performance: 2}, catalog.Change{Sort: catalog.ChangeMoved, Product: 1},
		catalog.Change{Sort: catalog.ChangeState, Product: 1, Performance: 3}, catalog.Change{Sort: catalog.ChangeMoved, Product: 1, Performance: 4}).AvailabilitySeq
	var found []catalog.PerformanceID
	for mark := (delivery.MailMark{}); ; {
		line, ok, err := store.NextMoved(t.Context(), "opera", mark, second)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		found = append(found, line.Performance)
		mark = delivery.MailMark{Seq: line.Seq, Line: line.Line, Order: sales.OrderID("ord_" + strconv.Itoa(len(found)))}
		if err := store.SaveMailMark(t.Context(), "opera", mark); err != nil {
			t.Fatal(err)
		}
		if got, known, err := store.MailMark(t.Context(), "opera"); got != mark || !known || err != nil {
			t.Errorf("%+v, %t, %v", got, known, err)
		}
	}
	if diff := cmp.Diff([]catalog.PerformanceID{2, 3, 4}, found); diff != "" {
		t.Error(diff)
	}
	if _, ok, err := store.NextMoved(t.Context(), "opera", delivery.MailMark{Seq: first, Line: math.MaxInt64}, first); ok || err != nil {
		t.Errorf("beyond what is served: %t, %v", ok, err)
	}
	for n := range 3 {
		o := order(n)
		o.Lines = []sales.Line{{Performance: catalog.PerformanceID(2 + n/2), Quantity: 2, Places: []sales.Place{{ID: "plc_1"}, {ID: "plc_2"}}}}
		o.Tickets = []sales.Ticket{{ID: fmt.Sprintf("tkt_%d_1", n), Place: "plc_1"}, {ID: fmt.Sprintf("tkt_%d_2", n), Place: "plc_2"}}
		create(t, o)
	}
	for after, want := range map[sales.OrderID][]sales.OrderID{"": {"ord_0000", "ord_0001"}, "ord_0000": {"ord_0001"}, "ord_0001": nil} {
		if got, err := store.TicketOrders(t.Context(), "opera", 2, after, 10); err != nil || !slices.Equal(got, want) {
			t.Errorf("after %q: %v, %v", after, got, err)
		}
	}
	if got, err := store.TicketOrders(t.Context(), "opera", 2, "", 1); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}
