package quota

import (
	"context"
	"sync"
	"time"

	"guichet/domain"
)

// memory is the store of a Meter that has none: the shared document lives in this process, the ledger is forgotten.
type memory struct {
	mu        sync.Mutex
	documents map[domain.InstitutionCode]document
}

type document struct {
	version int64
	content []byte
}

// Shared implements Store.
func (m *memory) Shared(_ context.Context, code domain.InstitutionCode) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.documents[code]
	return d.content, d.version, nil
}

// SwapShared implements Store.
func (m *memory) SwapShared(_ context.Context, code domain.InstitutionCode, version int64, content []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.documents[code].version != version {
		return false, nil
	}
	m.documents[code] = document{version + 1, content}
	return true, nil
}

// AddCounts implements Store.
func (*memory) AddCounts(context.Context, []Count, []Single) error { return nil }

// Counts implements Store.
func (*memory) Counts(context.Context, domain.InstitutionCode, Unit, time.Time, time.Time) ([]Count, error) {
	return []Count{}, nil
}

// CallsFor implements Store.
func (*memory) CallsFor(context.Context, string) ([]Single, error) { return []Single{}, nil }

// Callers implements Store.
func (*memory) Callers(context.Context, domain.InstitutionCode, By, time.Time, time.Time, int) ([]Caller, error) {
	return []Caller{}, nil
}

// Prune implements Store.
func (*memory) Prune(context.Context, map[Unit]time.Time, time.Time, int) (int64, error) {
	return 0, nil
}
