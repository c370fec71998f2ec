package storagetest

import (
	"testing"

	"guichet/storage"
)

// Run runs the whole suite; open makes an empty, migrated database for each test.
func Run(t *testing.T, open func(t *testing.T) *storage.DB) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"sales", salesTests()},
		{"account", accountTests()},
		{"mail", mailTests()},
		{"reconcile", reconcileTests()},
		{"catalog", catalogTests()},
		{"changes", changeTests()},
		{"storefront", storefrontTests()},
		{"quota", quotaTests()},
		{"pictures", pictureTests()},
		{"leases", leaseTests()},
		{"answers", answerTests()},
		{"freshness", freshnessTests()},
		{"wallets", walletTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range group.tests {
				t.Run(tt.rule, func(t *testing.T) {
					t.Parallel()
					tt.run(check{T: t, db: open(t)})
				})
			}
		})
	}
}

// test is one rule that a store keeps.
type test struct {
	rule string
	run  func(t check)
}

// check is a running test with its database.
type check struct {
	*testing.T
	db *storage.DB
}
