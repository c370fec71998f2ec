package storagetest

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/delivery"
	"guichet/domain/sales"
)

func walletTests() []test {
	return []test{
		{"a pass comes back as it was kept, and the first one stays", passKept},
		{"a pass kept by many at once is one", passKeptOnce},
		{"passes are due when their time has come, the longest first", passesAreDue},
		{"a changed ticket makes its passes due", ticketMakesPassesDue},
		{"a changed performance makes its passes due, another product's does not", catalogMakesPassesDue},
		{"a phone is registered once, and hears of what changed after", phoneRegisters},
		{"a pass has a bounded number of phones, the latest", phonesBounded},
	}
}

func walletPass(n int) delivery.WalletPass {
	return delivery.WalletPass{
		Wallet: delivery.AppleWallet, Serial: fmt.Sprintf("s-%d", n), Institution: "opera", Order: sales.OrderID(fmt.Sprintf("ord_%04d", n)), Ticket: "tkt_1",
		Performance: 201, Language: "fr", Token: domain.Secret(fmt.Sprintf("token-%d", n)), Digest: "d", UpdatedAt: noon(), Untold: true, CheckAt: noon().Add(time.Duration(n) * time.Minute), Tries: 3,
	}
}

func keepPass(t check, p delivery.WalletPass) delivery.WalletPass {
	t.Helper()
	kept, err := t.db.Wallets().KeepPass(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func dueSerials(t check, at time.Time) []string {
	t.Helper()
	list, err := t.db.Wallets().DuePasses(t.Context(), at, 100)
	if err != nil {
		t.Fatal(err)
	}
	serials := []string{}
	for i := range list {
		serials = append(serials, list[i].Serial)
	}
	return serials
}

func sameSerials(t check, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func passKept(t check) {
	_, err := t.db.Wallets().WalletPass(t.Context(), delivery.AppleWallet, "s-1")
	wantCode(t, err, domain.NotFound, delivery.CodeWalletUnknown)
	want := walletPass(1)
	if diff := cmp.Diff(want, keepPass(t, want)); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	other := want
	other.Token, other.Digest = "other", "other"
	if diff := cmp.Diff(want, keepPass(t, other)); diff != "" {
		t.Errorf("kept again (-want +got):\n%s", diff)
	}
	want.Digest, want.CheckAt, want.Untold, want.Tries, want.UpdatedAt = "e", time.Time{}, false, 0, noon().Add(time.Hour)
	if _, err := t.db.Wallets().UpdatePass(t.Context(), want.Wallet, want.Serial, func(p *delivery.WalletPass) error { *p = want; return nil }); err != nil {
		t.Fatal(err)
	}
	got, err := t.db.Wallets().WalletPass(t.Context(), want.Wallet, want.Serial)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("updated (-want +got):\n%s", diff)
	}
	_, err = t.db.Wallets().UpdatePass(t.Context(), delivery.GoogleWallet, want.Serial, func(*delivery.WalletPass) error { return nil })
	wantCode(t, err, domain.NotFound, delivery.CodeWalletUnknown)
}

func passKeptOnce(t check) {
	var wg sync.WaitGroup
	tokens := make([]domain.Secret, 8)
	for i := range tokens {
		wg.Go(func() {
			p := walletPass(1)
			p.Token = domain.Secret(fmt.Sprintf("token of %d", i))
			kept, err := t.db.Wallets().KeepPass(t.Context(), p)
			if err != nil {
				t.Error(err)
			}
			tokens[i] = kept.Token
		})
	}
	wg.Wait()
	for i := range tokens {
		if tokens[i] != tokens[0] {
			t.Errorf("two tokens: %s and %s", tokens[i].Reveal(), tokens[0].Reveal())
		}
	}
}

func passesAreDue(t check) {
	for _, n := range []int{3, 1, 2, 9} {
		keepPass(t, walletPass(n))
	}
	never := walletPass(5)
	never.CheckAt = time.Time{}
	keepPass(t, never)
	sameSerials(t, "at noon", dueSerials(t, noon()))
	sameSerials(t, "three minutes later", dueSerials(t, noon().Add(3*time.Minute)), "s-1", "s-2", "s-3")
}

func ticketMakesPassesDue(t check) {
	o := order(1)
	o.Lines = []sales.Line{{Performance: 201, Quantity: 1, Places: []sales.Place{{ID: "plc_1"}}}}
	o.Status = sales.Closing
	create(t, o)
	p := walletPass(1)
	p.CheckAt = time.Time{}
	keepPass(t, p)
	change := func(f func(o *sales.Order)) {
		t.Helper()
		if _, err := t.db.Sales().UpdateOrder(t.Context(), o.ID, func(o *sales.Order) error { f(o); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	rest := func() {
		t.Helper()
		if _, err := t.db.Wallets().UpdatePass(t.Context(), p.Wallet, p.Serial, func(p *delivery.WalletPass) error { p.CheckAt = time.Time{}; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	later := noon().AddDate(100, 0, 0)
	change(func(o *sales.Order) {
		o.Status, o.Tickets = sales.Issued, []sales.Ticket{{ID: "tkt_1", Place: "plc_1", Barcode: "1"}}
	})
	sameSerials(t, "the first barcode", dueSerials(t, later))
	change(func(o *sales.Order) { o.Reference = "other" })
	sameSerials(t, "another reference", dueSerials(t, later))
	change(func(o *sales.Order) { o.Tickets[0].Barcode = "2" })
	sameSerials(t, "another barcode", dueSerials(t, later), "s-1")
	rest()
	change(func(o *sales.Order) { o.Tickets[0].CancelledAt = noon() })
	sameSerials(t, "taken back", dueSerials(t, later), "s-1")
}

func catalogMakesPassesDue(t check) {
	for n, performance := range []int64{201, 202, 0} {
		p := walletPass(n)
		p.Performance, p.CheckAt = performance, noon().AddDate(200, 0, 0)
		keepPass(t, p)
	}
	later := noon().AddDate(100, 0, 0)
	replace := func(changes ...catalog.Change) {
		t.Helper()
		state, err := t.db.Catalog().CatalogState(t.Context(), "opera")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := t.db.Catalog().ReplaceCatalog(t.Context(), snapshot("s"), state, catalog.Delta{From: state.Version, Changes: changes}); err != nil {
			t.Fatal(err)
		}
	}
	replace()
	sameSerials(t, "nothing changed", dueSerials(t, later))
	replace(catalog.Change{Sort: catalog.ChangeMore, Product: 9, Performance: 202})
	sameSerials(t, "one performance changed", dueSerials(t, later), "s-1")
	replace(catalog.Change{Sort: catalog.ChangeMore, Product: 7})
	if got := dueSerials(t, later); len(got) != 3 {
		t.Errorf("a product changed: due are %v", got)
	}
}

func phoneRegisters(t check) {
	for n := range 3 {
		keepPass(t, walletPass(n))
	}
	w := t.db.Wallets()
	register := func(serial, device, push string, want bool) {
		t.Helper()
		fresh, err := w.RegisterDevice(t.Context(), serial, delivery.WalletDevice{Device: device, PushToken: push}, noon())
		if err != nil || fresh != want {
			t.Errorf("%s on %s: fresh %t %v, want %t", serial, device, fresh, err, want)
		}
	}
	register("s-0", "phone", "push-1", true)
	register("s-0", "phone", "push-1", false)
	register("s-1", "phone", "push-2", true)
	register("s-1", "pad", "push-3", true)
	devices := func(serial string, want ...delivery.WalletDevice) {
		t.Helper()
		got, err := w.Devices(t.Context(), serial)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]delivery.WalletDevice{}, want...), append([]delivery.WalletDevice{}, got...)); diff != "" {
			t.Errorf("phones of %s (-want +got):\n%s", serial, diff)
		}
	}
	devices("s-0", delivery.WalletDevice{Device: "phone", PushToken: "push-2"}) // the phone's later one, for all
	devices("s-1", delivery.WalletDevice{Device: "pad", PushToken: "push-3"}, delivery.WalletDevice{Device: "phone", PushToken: "push-2"})
	passes := func(device string, after time.Time, want ...string) {
		t.Helper()
		list, err := w.DevicePasses(t.Context(), device, after)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for i := range list {
			got = append(got, list[i].Serial)
		}
		sameSerials(t, "passes of "+device, got, want...)
	}
	passes("phone", time.Time{}, "s-0", "s-1")
	passes("phone", noon())
	if _, err := w.UpdatePass(t.Context(), delivery.AppleWallet, "s-1", func(p *delivery.WalletPass) error {
		p.UpdatedAt = noon().Add(time.Millisecond)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	passes("phone", noon(), "s-1")
	if err := w.ForgetPushToken(t.Context(), "push-3"); err != nil {
		t.Fatal(err)
	}
	passes("pad", time.Time{})
	for range 2 {
		if err := w.UnregisterDevice(t.Context(), "s-0", "phone"); err != nil {
			t.Fatal(err)
		}
	}
	passes("phone", time.Time{}, "s-1")
}

func phonesBounded(t check) {
	keepPass(t, walletPass(1))
	for n := range delivery.MaxWalletDevices + 3 {
		d := delivery.WalletDevice{Device: fmt.Sprintf("d-%03d", n), PushToken: fmt.Sprintf("p-%d", n)}
		if _, err := t.db.Wallets().RegisterDevice(t.Context(), "s-1", d, noon().Add(time.Duration(n)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := t.db.Wallets().Devices(t.Context(), "s-1")
	if err != nil || len(got) != delivery.MaxWalletDevices || got[0].Device != "d-003" {
		t.Errorf("%d phones from %v: %v", len(got), got[:min(1, len(got))], err)
	}
}
