package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
	"guichet/domain/sample"
	"guichet/storage"
)

// TestJourney_KilledInTheMiddleOfAnExport_GoesOnWhereItStood asks for the tickets of a performance, kills the server while it
// prints them, and fetches the whole file, in two halves, from the next one.
func TestJourney_KilledInTheMiddleOfAnExport_GoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	for name, database := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const orders = 400
			s := newStage(t, database)
			sellByHand(t, s, orders)
			server, api := s.serve(t, "server")
			key := s.key(t, "shop", "deliver")
			c := newClient(api, key)
			asked := c.must(t, "POST", "/v1/tickets/export", map[string]any{"performance": fmt.Sprintf("theatre-%d", sample.Tonight), "format": "zip"}, 202).json
			id := str(asked, "id")
			if num(asked, "total") != 2*orders {
				t.Fatalf("%v", asked)
			}
			stood := int64(0)
			eventually(t, 120, "some of the tickets are printed", func() bool {
				stood = num(c.must(t, "GET", "/v1/exports/"+id, nil, 200).json, "done")
				return stood > 0
			})
			server.kill(t)
			if stood >= 2*orders {
				t.Fatal("it was done before it could be killed")
			}

			_, api = s.serve(t, "again")
			c = newClient(api, key)
			var read map[string]any
			eventually(t, 240, "the export is done after the restart", func() bool {
				read = c.must(t, "GET", "/v1/exports/"+id, nil, 200).json
				if num(read, "done") < stood {
					t.Fatalf("it began anew: %v after %d", read, stood)
				}
				return str(read, "state") == "done"
			})
			whole := c.must(t, "GET", str(read, "url"), nil, 200)
			half := len(whole.body) / 2
			first, err := c.do(t.Context(), "GET", str(read, "url"), nil, "Range", fmt.Sprintf("bytes=0-%d", half-1))
			second, again := c.do(t.Context(), "GET", str(read, "url"), nil, "Range", fmt.Sprintf("bytes=%d-", half), "If-Range", whole.header.Get("ETag"))
			if err != nil || again != nil || first.status != 206 || second.status != 206 || !bytes.Equal(slices.Concat(first.body, second.body), whole.body) {
				t.Errorf("two halves: %v %v, %d %d, %d and %d bytes of %d", err, again, first.status, second.status, len(first.body), len(second.body), len(whole.body))
			}
			allThere(t, whole.body, 2*orders)

			file := filepath.Join(s.dir, "all.zip")
			command(t, s.env, "tickets", "export", "--performance", fmt.Sprintf("theatre-%d", sample.Tonight), "-o", file)
			written, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			allThere(t, written, 2*orders)
			for what, args := range map[string][]string{
				"no good ticket": {"--performance", "theatre-1"}, "--format": {"--performance", "theatre-1", "--format", "rar"},
				"--performance": {"--performance", "hamlet"}, "no institution": {"--performance", "nowhere-1"},
			} {
				contains(t, fails(t, s.env, append([]string{"tickets", "export", "-o", file}, args...)...), what)
			}
		})
	}
}

// allThere reads every file of a ZIP.
func allThere(t *testing.T, b []byte, want int) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || !bytes.HasPrefix(content, []byte("%PDF-")) || !strings.HasSuffix(f.Name, ".pdf") {
			t.Errorf("%s: %v, %.10q", f.Name, err, content)
		}
		seen[f.Name] = true
	}
	if len(seen) != want {
		t.Errorf("%d different files, want %d", len(seen), want)
	}
}

// sellByHand stores sold orders of two tickets each.
func sellByHand(t *testing.T, s *stage, n int) {
	t.Helper()
	url := ""
	for _, e := range s.env {
		if v, ok := strings.CutPrefix(e, "GUICHET_DATABASE="); ok {
			url = v
		}
	}
	db, err := storage.Open(t.Context(), storage.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		o := sample.Issued()
		o.ID, o.Institution, o.Storefront = sales.OrderID(fmt.Sprintf("ord_%026d", i)), "theatre", "shop"
		o.Platform.OrderID, o.Platform.FileID = int64(5_000_000+i), int64(6_000_000+i)
		o.NextCheckAt = time.Time{}
		o.Lines[0].Facts.ProductName = domain.Text{"fr": "Hamlet"}
		for j := range o.Tickets {
			o.Tickets[j].ID, o.Tickets[j].Barcode = fmt.Sprintf("tkt_%025d%d", i, j), sales.Barcode(fmt.Sprintf("%023d%d", i, j))
		}
		key := sales.Key{Storefront: "shop", Key: string(o.ID), Call: "hold", Digest: "d", Order: o.ID, At: o.CreatedAt}
		if _, _, _, err := db.Sales().CreateOrder(t.Context(), o, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
