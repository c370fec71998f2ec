package storage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
	"guichet/storage"
	"guichet/storage/storagetest"
)

func TestStores(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			storagetest.Run(t, func(t *testing.T) *storage.DB {
				t.Helper()
				return p.Open(t)
			})
		})
	}
}

// createOrder stores a minimal held order.
func createOrder(tb testing.TB, db *storage.DB, id sales.OrderID) sales.Order {
	tb.Helper()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	o, _, _, err := db.Sales().CreateOrder(tb.Context(),
		sales.Order{
			ID: id, Institution: "opera", Storefront: "kiosk", Status: sales.Held, CreatedAt: at, UpdatedAt: at, NextCheckAt: at,
			Lines: []sales.Line{{Product: 1, Performance: 2, Tariff: 3, Quantity: 2, Places: []sales.Place{{ID: "plc_1"}, {ID: "plc_2"}}}},
		},
		sales.Key{Storefront: "kiosk", Key: string(id), Call: "hold", Digest: "d", At: at})
	if err != nil {
		tb.Fatalf("create order: %v", err)
	}
	return o
}

func TestOpen_UnusableURL_SaysWhyWithoutThePassword(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"mysql://u:secret@h/d":      "mysql:",
		"":                          "must be",
		"sqlite:":                   "names no file",
		"postgres://u:secret@%zz/d": "cannot be read",
	} {
		_, err := storage.Open(t.Context(), storage.Options{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v, want %q", url, err, want)
		}
	}
}

// A process remembers the orders that it wrote last; another one may have written since.
func TestUpdateOrder_AnotherProcessWroteMeanwhile_ChangesItAsItIsNow(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			url := p.URL(t)
			one := storagetest.OpenURL(t, url)
			other := storagetest.Connect(t, storage.Options{URL: url})
			createOrder(t, one, "ord_1")
			for i := range 20 {
				for _, db := range []*storage.DB{one, other, one, one} {
					if _, err := db.Sales().UpdateOrder(t.Context(), "ord_1", func(o *sales.Order) error {
						o.Status, o.Checks = sales.Held, o.Checks+1
						if i == 10 {
							o.Tasks = []domain.Task{{Kind: "sales.settle", Key: "ord_1"}}
						}
						return nil
					}); err != nil {
						t.Fatal(err)
					}
				}
			}
			// what an old version is refused for, or has already, says nothing of the order as it is now
			set := func(db *storage.DB, reference string) error {
				_, err := db.Sales().UpdateOrder(t.Context(), "ord_1", func(o *sales.Order) error {
					if o.Reference == "closed" {
						return errors.New("closed")
					}
					o.Reference = reference
					return nil
				})
				return err
			}
			for _, reference := range []string{"closed", "open"} { // one remembers closed, then is told of open
				if err := set(one, reference); err != nil && reference == "closed" {
					t.Fatal(err)
				}
				if _, err := other.Sales().UpdateOrder(t.Context(), "ord_1", func(o *sales.Order) error { o.Reference = ""; return nil }); err != nil {
					t.Fatal(err)
				}
			}
			if err := set(one, "open"); err != nil {
				t.Errorf("refused for what an old version was: %v", err)
			}
			if got, err := other.Sales().Order(t.Context(), "ord_1"); err != nil || got.Checks != 80 || got.Reference != "open" || got.Version != 86 {
				t.Errorf("%d of 80 changes are there, reference %q, version %d, %v", got.Checks, got.Reference, got.Version, err)
			}
		})
	}
}

func TestOpen_NobodyThere_IsUnavailable(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://u:secret@127.0.0.1:1/d?connect_timeout=1", "sqlite:" + t.TempDir() + "/no/such/folder/guichet.db",
	} {
		_, err := storage.Open(t.Context(), storage.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v", url, err)
		}
		if strings.HasPrefix(url, "postgres") && !domain.HasCode(err, domain.CodeStoreUnavailable) {
			t.Errorf("%s: error = %v, want %s", url, err, domain.CodeStoreUnavailable)
		}
	}
}

func TestOpen_Restart_KeepsEverything(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			url := p.URL(t)
			first, err := storage.Open(t.Context(), storage.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := first.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			createOrder(t, first, "ord_1")
			want, err := first.Sales().UpdateOrder(t.Context(), "ord_1", func(o *sales.Order) error {
				o.Status = sales.Issued
				o.Tickets = []sales.Ticket{{ID: "tkt_1", Barcode: "007"}}
				o.Tasks = []domain.Task{{Kind: "delivery.mail", Key: "ord_1"}}
				o.Postings = []sales.Posting{{Institution: "opera", Order: o.ID, Kind: "close", Amount: domain.Money{Amount: 5, Currency: "EUR"}}}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			second := storagetest.Connect(t, storage.Options{URL: url})
			if err := second.CheckSchema(t.Context()); err != nil {
				t.Fatal(err)
			}
			got, err := second.Sales().OrderByTicket(t.Context(), "tkt_1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
			if heads, err := second.Account().Heads(t.Context(), "opera"); err != nil || len(heads) != 1 || heads[0].Owed != 50 {
				t.Errorf("ledgers = %v (%v)", heads, err)
			}
			var jobs int
			if err := second.Pool().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM river_job").Scan(&jobs); err != nil || jobs != 1 {
				t.Errorf("%d jobs (%v), want 1", jobs, err)
			}
		})
	}
}

func TestOpen_SQLiteFile_IsItsOwnersAndFlushed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a b%?.db")
	db := storagetest.OpenURL(t, "sqlite:"+file)
	createOrder(t, db, "ord_1")
	for _, name := range []string{file, file + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, info.Mode().Perm())
		}
	}
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		var got string
		if err := db.Pool().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s (%v), want %s", pragma, got, err, want)
		}
	}
}

func TestOpen_Memory_IsPrivateAndGone(t *testing.T) {
	t.Parallel()
	a, b := storagetest.SQLite(t), storagetest.SQLite(t)
	createOrder(t, a, "ord_1")
	if _, err := b.Sales().Order(t.Context(), "ord_1"); !domain.HasCode(err, sales.CodeUnknown) {
		t.Errorf("the other database has the order: %v", err)
	}
}

func TestOwn_OneServerPerFile(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			url := p.URL(t)
			first, second := storagetest.OpenURL(t, url), storagetest.OpenURL(t, url)
			if first.Sole() {
				t.Error("sole before owning")
			}
			if err := errors.Join(first.Own(), first.Own()); err != nil {
				t.Fatal(err)
			}
			err := second.Own()
			if p.Kind == storage.KindPostgres {
				if err != nil || first.Sole() || second.Sole() {
					t.Errorf("owning PostgreSQL: %v, sole = %t, %t", err, first.Sole(), second.Sole())
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "another process") || !first.Sole() || second.Sole() {
				t.Errorf("second owner: %v, sole = %t, %t", err, first.Sole(), second.Sole())
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if err := second.Own(); err != nil {
				t.Errorf("after the first closed: %v", err)
			}
		})
	}
}

func TestOrders_EveryListUsesAnIndex(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := p.Open(t)
			for name, tt := range map[string]struct {
				q     sales.Query
				index string
			}{
				"all":         {sales.Query{}, "orders_created"},
				"text":        {sales.Query{Text: "anna"}, "orders_created"},
				"period":      {sales.Query{From: at, To: at.Add(time.Hour)}, "orders_created"},
				"cursor":      {sales.Query{Page: domain.Page{Cursor: "MTc5NTI2MjQwMDAwMC5vcmRfMQ"}}, "orders_created"},
				"storefront":  {sales.Query{Storefront: "kiosk"}, "orders_storefront"},
				"institution": {sales.Query{Institutions: []domain.InstitutionCode{"opera"}}, "orders_institution"},
				"status":      {sales.Query{Statuses: []sales.Status{sales.Review}}, "orders_status"},
				"reference":   {sales.Query{Reference: "R-1"}, "orders_reference"},
				"platform":    {sales.Query{PlatformID: 7}, "orders_platform_"},
			} {
				plan, err := db.ExplainOrders(t.Context(), tt.q)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if !strings.Contains(plan, tt.index) || (strings.Contains(strings.ToUpper(plan), "SORT") || strings.Contains(plan, "TEMP B-TREE")) != (name == "platform") {
					t.Errorf("%s: want %s, without sorting:\n%s", name, tt.index, plan)
				}
			}
			plan, err := db.ExplainDueOrders(t.Context(), []sales.Status{sales.Holding, sales.Closing})
			if err != nil || !strings.Contains(plan, "orders_due") {
				t.Errorf("due: want orders_due (%v):\n%s", err, plan)
			}
		})
	}
}

func TestCatalog_KeepsThreeVersions(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := p.Open(t)
			for range 5 {
				replaceCatalog(t, db)
			}
			var n, least int
			err := db.Pool().QueryRowContext(t.Context(), "SELECT COUNT(*), MIN(version) FROM catalog_snapshots").Scan(&n, &least)
			if err != nil || n != 3 || least != 3 {
				t.Errorf("%d versions from %d on are kept (%v), want 3 from 3", n, least, err)
			}
		})
	}
}

func replaceCatalog(t *testing.T, db *storage.DB) catalog.State {
	t.Helper()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	state, err := db.Catalog().ReplaceCatalog(t.Context(),
		&catalog.Snapshot{Institution: domain.Institution{Code: "opera"}, Products: []catalog.Product{{ID: 1}}},
		catalog.State{SetupStamp: "s", LoadedAt: at, CheckedAt: at}, catalog.Delta{})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestCatalog_UnreadableSnapshot_CountsAsNeverLoaded(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]string{
		"other format": "UPDATE catalog_snapshots SET format = 999; UPDATE catalog_states SET format = 999",
		"cut off":      "UPDATE catalog_snapshots SET content = substr(content, 1, 40)",
		"no gzip":      "UPDATE catalog_snapshots SET content = 'x'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range storagetest.Places(t) {
				t.Run(p.Kind, func(t *testing.T) {
					t.Parallel()
					db := p.Open(t)
					replaceCatalog(t, db)
					for statement := range strings.SplitSeq(damage, "; ") {
						if _, err := db.Pool().ExecContext(t.Context(), statement); err != nil {
							t.Fatal(err)
						}
					}
					for range 2 {
						if _, err := db.Catalog().Snapshot(t.Context(), "opera"); !domain.HasCode(err, catalog.CodeCatalogUnknown) {
							t.Errorf("error = %v, want %s", err, catalog.CodeCatalogUnknown)
						}
					}
					state, err := db.Catalog().CatalogState(t.Context(), "opera")
					if err != nil || state.Version != 0 || state.SetupStamp != "" || !state.LoadedAt.IsZero() {
						t.Errorf("state = %+v (%v), want never loaded", state, err)
					}
					if again := replaceCatalog(t, db); again.Version != 2 {
						t.Errorf("the next load has version %d, want 2", again.Version)
					}
					if snap, err := db.Catalog().Snapshot(t.Context(), "opera"); err != nil || snap.Version != 2 {
						t.Errorf("after the next load: %v", err)
					}
				})
			}
		})
	}
}

func TestPictures_OldestGoWhenTheBoundIsReached(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			url := p.URL(t)
			storagetest.OpenURL(t, url)
			db := storagetest.Connect(t, storage.Options{URL: url, PictureBytes: 100})
			at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
			put := func(address string, size int, age time.Duration) error {
				return db.Pictures().Put(t.Context(), "opera", address, storage.Picture{Content: make([]byte, size), FetchedAt: at.Add(-age)})
			}
			if err := errors.Join(put("old", 40, 3*time.Hour), put("middle", 40, 2*time.Hour), put("new", 15, time.Hour), put("newest", 50, 0)); err != nil {
				t.Fatal(err)
			}
			for address, kept := range map[string]bool{"old": false, "middle": false, "new": true, "newest": true} {
				if _, err := db.Pictures().Get(t.Context(), "opera", address); (err == nil) != kept {
					t.Errorf("%s: %v, want kept=%t", address, err, kept)
				}
			}
			if err := put("huge", 101, 0); !domain.HasCode(err, storage.CodePictureSize) {
				t.Errorf("a picture beyond the bound: %v", err)
			}
		})
	}
}

func TestLeases_ExpireByTheClock(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			url := p.URL(t)
			storagetest.OpenURL(t, url)
			now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
			db := storagetest.Connect(t, storage.Options{URL: url, Clock: func() time.Time { return now.In(time.FixedZone("west", -7*60*60)) }})
			l := db.Leases()
			acquire := func(owner string, want bool) {
				t.Helper()
				if got, err := l.Acquire(t.Context(), "n", owner, time.Minute); err != nil || got != want {
					t.Errorf("acquire by %s = %t (%v), want %t", owner, got, err, want)
				}
			}
			acquire("a", true)
			now = now.Add(time.Minute - time.Millisecond)
			acquire("b", false)
			if err := l.Renew(t.Context(), "n", "a", time.Minute); err != nil {
				t.Error(err)
			}
			now = now.Add(time.Minute)
			if err := l.Renew(t.Context(), "n", "a", time.Minute); !domain.HasCode(err, storage.CodeLeaseLost) {
				t.Errorf("renewing an expired lease: %v", err)
			}
			acquire("b", true)
		})
	}
}

// work is what a worker decodes a task to.
type work struct {
	ID string `json:"id"`
}

func (work) Kind() string { return "sales.settle" }

type worker struct {
	river.WorkerDefaults[work]
	runs chan *river.Job[work]
}

func (w *worker) Work(_ context.Context, j *river.Job[work]) error {
	w.runs <- j
	if j.Attempt == 1 {
		return errors.New("the platform is away")
	}
	return nil
}

func (w *worker) NextRetry(*river.Job[work]) time.Time { return time.Now().Add(300 * time.Millisecond) }

// A retry is due a moment after the failure. Where times are stored as text that does not sort, it would be due tomorrow.
func TestTasks_FailedJob_RunsAgain(t *testing.T) {
	t.Parallel()
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := storagetest.OpenURL(t, p.URL(t))
			createOrder(t, db, "ord_1")
			_, err := db.Sales().UpdateOrder(t.Context(), "ord_1", func(o *sales.Order) error {
				o.Tasks = []domain.Task{{Kind: "sales.settle", Key: "ord_1", NotBefore: time.Now().Add(-time.Minute).UnixMilli()}}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			w := &worker{runs: make(chan *river.Job[work], 10)}
			workers := river.NewWorkers()
			river.AddWorker(workers, w)
			client, err := river.NewClient(db.River(), &river.Config{
				Workers: workers, Queues: map[string]river.QueueConfig{storage.QueueSale: {MaxWorkers: 1}},
				FetchPollInterval: 50 * time.Millisecond, FetchCooldown: 50 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.WithoutCancel(t.Context())
			if err := client.Start(ctx); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := client.StopAndCancel(ctx); err != nil {
					t.Error(err)
				}
			}()
			for attempt := 1; attempt <= 2; attempt++ {
				select {
				case j := <-w.runs:
					var args bytes.Buffer
					if err := json.Compact(&args, j.EncodedArgs); err != nil {
						t.Fatal(err)
					}
					if j.Attempt != attempt || args.String() != `{"id":"ord_1"}` || j.Queue != storage.QueueSale {
						t.Errorf("attempt %d on %s with %s, want %d on sale with the order's id", j.Attempt, j.Queue, &args, attempt)
					}
				case <-time.After(20 * time.Second):
					t.Fatalf("attempt %d never ran", attempt)
				}
			}
		})
	}
}

func TestTasks_GoToTheirQueuesAtTheirTime(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	for _, p := range storagetest.Places(t) {
		t.Run(p.Kind, func(t *testing.T) {
			t.Parallel()
			db := p.Open(t)
			createOrder(t, db, "ord_1")
			kinds := map[string]string{
				"sales.settle": "sale", "catalog.refresh": "refresh", "availability.refresh": "refresh", "delivery.mail": "deliver", "salesy": "deliver",
			}
			_, err := db.Sales().UpdateOrder(t.Context(), "ord_1", func(o *sales.Order) error {
				for kind := range kinds {
					o.Tasks = append(o.Tasks, domain.Task{Kind: domain.TaskKind(kind), Key: "k", NotBefore: at.UnixMilli()})
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			client, err := river.NewClient(db.River(), &river.Config{})
			if err != nil {
				t.Fatal(err)
			}
			list, err := client.JobList(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(list.Jobs) != len(kinds) {
				t.Errorf("%d jobs, want %d", len(list.Jobs), len(kinds))
			}
			for _, j := range list.Jobs {
				if j.Queue != kinds[j.Kind] || !j.ScheduledAt.Equal(at) || j.State != rivertype.JobStateScheduled {
					t.Errorf("%s is %s on %s at %s, want scheduled on %s at %s", j.Kind, j.State, j.Queue, j.ScheduledAt, kinds[j.Kind], at)
				}
			}
		})
	}
}
