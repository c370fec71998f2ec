package sample

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Wallets keeps passes in memory. It implements delivery.WalletStore; the zero value is empty and ready.
type Wallets struct {
	mu      sync.Mutex
	passes  map[walletKey]delivery.WalletPass
	devices []walletDevice
}

type walletKey struct {
	wallet delivery.WalletKind
	serial string
}

type walletDevice struct {
	serial string
	delivery.WalletDevice
	since time.Time
}

var _ delivery.WalletStore = (*Wallets)(nil)

// KeepPass implements delivery.WalletStore.
func (s *Wallets) KeepPass(_ context.Context, p delivery.WalletPass) (delivery.WalletPass, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if had, ok := s.passes[walletKey{p.Wallet, p.Serial}]; ok {
		return had, nil
	}
	if s.passes == nil {
		s.passes = map[walletKey]delivery.WalletPass{}
	}
	s.passes[walletKey{p.Wallet, p.Serial}] = p
	return p, nil
}

// WalletPass implements delivery.WalletStore.
func (s *Wallets) WalletPass(_ context.Context, wallet delivery.WalletKind, serial string) (delivery.WalletPass, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.passes[walletKey{wallet, serial}]
	if !ok {
		return p, domain.Errorf(domain.NotFound, delivery.CodeWalletUnknown, "there is no such pass")
	}
	return p, nil
}

// UpdatePass implements delivery.WalletStore.
func (s *Wallets) UpdatePass(ctx context.Context, wallet delivery.WalletKind, serial string, change func(*delivery.WalletPass) error) (delivery.WalletPass, error) {
	p, err := s.WalletPass(ctx, wallet, serial)
	if err != nil {
		return p, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p = s.passes[walletKey{wallet, serial}]
	if err := change(&p); err != nil {
		return delivery.WalletPass{}, err
	}
	s.passes[walletKey{wallet, serial}] = p
	return p, nil
}

// DuePasses implements delivery.WalletStore.
func (s *Wallets) DuePasses(_ context.Context, now time.Time, limit int) ([]delivery.WalletPass, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []delivery.WalletPass
	for _, p := range s.passes {
		if !p.CheckAt.IsZero() && !p.CheckAt.After(now) {
			due = append(due, p)
		}
	}
	slices.SortFunc(due, func(a, b delivery.WalletPass) int {
		return cmp.Or(a.CheckAt.Compare(b.CheckAt), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Serial, b.Serial))
	})
	return due[:min(limit, len(due))], nil
}

// MakeDue has every pass looked at now, as a change of its order or of the catalog does.
func (s *Wallets) MakeDue(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, p := range s.passes {
		p.CheckAt = now
		s.passes[k] = p
	}
}

// RegisterDevice implements delivery.WalletStore.
func (s *Wallets) RegisterDevice(_ context.Context, serial string, d delivery.WalletDevice, at time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := true
	for i := range s.devices {
		if s.devices[i].Device == d.Device {
			s.devices[i].PushToken = d.PushToken
			fresh = fresh && s.devices[i].serial != serial
		}
	}
	if fresh {
		s.devices = append(s.devices, walletDevice{serial, d, at})
	}
	return fresh, nil
}

// UnregisterDevice implements delivery.WalletStore.
func (s *Wallets) UnregisterDevice(_ context.Context, serial, device string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices = slices.DeleteFunc(s.devices, func(d walletDevice) bool { return d.serial == serial && d.Device == device })
	return nil
}

// DevicePasses implements delivery.WalletStore.
func (s *Wallets) DevicePasses(_ context.Context, device string, after time.Time) ([]delivery.WalletPass, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []delivery.WalletPass
	for _, d := range s.devices {
		if p := s.passes[walletKey{delivery.AppleWallet, d.serial}]; d.Device == device && p.UpdatedAt.After(after) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b delivery.WalletPass) int { return cmp.Compare(a.Serial, b.Serial) })
	return list, nil
}

// Devices implements delivery.WalletStore.
func (s *Wallets) Devices(_ context.Context, serial string) ([]delivery.WalletDevice, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []delivery.WalletDevice
	for _, d := range s.devices {
		if d.serial == serial {
			list = append(list, d.WalletDevice)
		}
	}
	return list, nil
}

// ForgetPushToken implements delivery.WalletStore.
func (s *Wallets) ForgetPushToken(_ context.Context, pushToken string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices = slices.DeleteFunc(s.devices, func(d walletDevice) bool { return d.PushToken == pushToken })
	return nil
}
