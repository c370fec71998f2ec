package delivery

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"

	"guichet/domain"
	"guichet/domain/catalog"
	"guichet/domain/sales"
)

// Codes of files of many tickets.
const (
	CodeExportUnknown  = "export.unknown"   // there is no such export
	CodeExportEmpty    = "export.empty"     // nothing that was asked for can be printed
	CodeExportTooMany  = "export.too_many"  // more tickets than one file may have
	CodeExportNotReady = "export.not_ready" // the file is not made yet
	CodeExportFailed   = "export.failed"    // the file could not be made
	CodeExportGone     = "export.gone"      // the file was deleted after its time
	CodeExportStale    = "export.stale"     // tickets in the file were replaced or taken back since
)

// BulkFormat is what many tickets come as.
type BulkFormat string

// The formats: one PDF with all pages, or a ZIP with a PDF for each ticket, or for each order where the layout has one page for all.
const (
	BulkPDF BulkFormat = "pdf"
	BulkZIP BulkFormat = "zip"
)

// BulkFormats lists them all.
func BulkFormats() []BulkFormat { return []BulkFormat{BulkPDF, BulkZIP} }

// Bulk is many tickets on paper: those of orders, or only those of one performance among them.
type Bulk struct {
	Format      BulkFormat
	Layout      string // empty: as Choices say
	Lang        string // empty: each buyer's in a ZIP, the first order's in a PDF
	Performance catalog.PerformanceID
}

// MaxBulk is how many tickets one file may have.
const MaxBulk = 20_000

// Tickets are those of an order that a bulk prints: good ones, of the performance where there is one.
func (b *Bulk) Tickets(o *sales.Order) []string {
	if o.Status != sales.Issued {
		return nil
	}
	var out []string
	for i := range o.Lines {
		l := &o.Lines[i]
		if b.Performance != 0 && l.Performance != b.Performance {
			continue
		}
		for j := range l.Places {
			if t := ticketOf(o, l.Places[j].ID); t != nil && t.CancelledAt.IsZero() {
				out = append(out, t.ID)
			}
		}
	}
	return out
}

// press prints many orders. It fetches each picture once. It is used by one goroutine.
type press struct {
	s        *Service
	want     Bulk
	pictures map[string][]byte // by institution and address
	perOrder map[string]bool   // the layouts that have one page for all tickets of an order
}

func (s *Service) press(b Bulk) *press {
	p := &press{s: s, want: b, pictures: map[string][]byte{}, perOrder: map[string]bool{}}
	if s.Layouts != nil {
		for _, l := range s.Layouts.Layouts() {
			p.perOrder[l.Name] = l.Order
		}
	}
	return p
}

// document is what is printed of an order; without pages where that is nothing.
func (p *press) document(ctx context.Context, id sales.OrderID) (Document, error) {
	o, err := p.s.Orders.Order(ctx, id)
	if err != nil {
		return Document{}, err
	}
	wanted := p.want.Tickets(&o)
	if len(wanted) == 0 {
		return Document{}, nil
	}
	d, err := p.s.document(ctx, o, Print{Lang: p.want.Lang, Layout: p.want.Layout, Format: FormatPDF}, p.pictures)
	if err != nil {
		return Document{}, err
	}
	d.Pages = slices.DeleteFunc(d.Pages, func(pg Page) bool { return !slices.Contains(wanted, pg.TicketID) })
	if p.s.Prints == nil || !p.s.Settings[o.Institution].MarkReprints {
		return d, nil
	}
	last, err := p.s.Prints.Last(ctx, wanted) // the same order: that of the places
	for i := range last {
		d.Pages[i].Copy = last[i]
	}
	return d, err
}

// gather makes one document of the tickets of many orders, in one language.
func (p *press) gather(ctx context.Context, ids []sales.OrderID) (Document, error) {
	var all Document
	for _, id := range ids {
		d, err := p.document(ctx, id)
		if err != nil {
			return Document{}, err
		}
		if len(d.Pages) == 0 {
			continue
		}
		if len(all.Pages) == 0 {
			all.Language, all.Title = d.Language, d.Pages[0].Organiser
			p.want.Lang = all.Language
		}
		all.Pages = append(all.Pages, d.Pages...)
	}
	if len(all.Pages) == 0 {
		return Document{}, NothingToPrint()
	}
	return all, nil
}

// NothingToPrint is the refusal of a bulk without a single good ticket: export.empty.
func NothingToPrint() error {
	return domain.Errorf(domain.Conflict, CodeExportEmpty, "none of the tickets can be printed: they are not sold, or were taken back")
}

// Drawing may be implemented by a writer that a Renderer's PDF writes to: it is told how far the printing is.
type Drawing interface {
	// Drawn says how many of the document's tickets are drawn.
	Drawn(tickets int)
}

// WriteBulk prints the tickets of orders at once. Nothing is written before the first error can be told: those of File, and
// export.empty.
func (s *Service) WriteBulk(ctx context.Context, w io.Writer, b Bulk, ids []sales.OrderID) error {
	p := s.press(b)
	if b.Format == BulkPDF {
		d, err := p.gather(ctx, ids)
		if err != nil {
			return err
		}
		return s.Renderer.PDF(ctx, w, d)
	}
	z := zipFile{}
	for _, id := range ids {
		if err := p.add(ctx, &z, id); err != nil {
			return err
		}
		if part := z.take(); len(part) > 0 {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
	}
	if len(z.entries) == 0 {
		return NothingToPrint()
	}
	_, err := w.Write(directory(z.entries, z.size))
	return err
}

// add adds an order's tickets to a ZIP.
func (p *press) add(ctx context.Context, z *zipFile, id sales.OrderID) error {
	d, err := p.document(ctx, id)
	if err != nil {
		return err
	}
	for len(d.Pages) > 0 {
		one, name, layout := d, d.Pages[0].TicketID, d.Pages[0].Layout
		one.Pages = d.Pages[:1]
		if p.perOrder[layout] {
			n := slices.IndexFunc(d.Pages, func(pg Page) bool { return pg.Layout != layout })
			if n < 0 {
				n = len(d.Pages)
			}
			one.Pages, name = d.Pages[:n], d.Pages[0].Order+"-"+name
		}
		var out bytes.Buffer
		if err := p.s.Renderer.PDF(ctx, &out, one); err != nil {
			return err
		}
		if err := z.add(name+".pdf", out.Bytes(), len(one.Pages)); err != nil {
			return err
		}
		d.Pages = d.Pages[len(one.Pages):]
	}
	return nil
}

// ZipEntry is one file of a ZIP, as its directory lists it.
type ZipEntry struct {
	Name    string `json:"n"`
	CRC     uint32 `json:"c"`
	Size    uint32 `json:"s"`
	Start   uint32 `json:"o"`
	Tickets int    `json:"t"`
}

// maxZip keeps a ZIP within what its 32-bit form holds.
const maxZip = 1<<32 - 1 - 64<<20

// zipFile is a ZIP as it grows: what is stored uncompressed, since PDF is compressed already. It can be gone on with wherever a
// file ends.
type zipFile struct {
	size    int64 // of all that was added
	pending []byte
	entries []ZipEntry
}

// The records of a ZIP, by APPNOTE.TXT 4.3. The date is the format's first, so that the same tickets give the same bytes.
const (
	zipLocal   = 0x04034b50
	zipCentral = 0x02014b50
	zipEnd     = 0x06054b50
	zipVersion = 20
	zipUTF8    = 1 << 11
	zipDate    = 1<<5 | 1
)

func (z *zipFile) add(name string, content []byte, tickets int) error {
	if z.size+int64(len(content)) > maxZip {
		return domain.Errorf(domain.Conflict, CodeExportTooMany, "the file is larger than a ZIP may be; ask for fewer tickets, or for PDF")
	}
	e := ZipEntry{Name: name, CRC: crc32.ChecksumIEEE(content), Size: uint32(len(content)), Start: uint32(z.size), Tickets: tickets} //nolint:gosec // G115: below maxZip
	le := binary.LittleEndian
	head := e.common(le.AppendUint32(nil, zipLocal))
	head = append(le.AppendUint16(head, 0), name...)
	z.pending = append(append(z.pending, head...), content...)
	z.size += int64(len(head) + len(content))
	z.entries = append(z.entries, e)
	return nil
}

// common is what a file's two headers have in common, up to the length of its name.
func (e *ZipEntry) common(b []byte) []byte {
	le := binary.LittleEndian
	for _, v := range []uint16{zipVersion, zipUTF8, 0, 0, zipDate} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, e.CRC)
	b = le.AppendUint32(b, e.Size)
	b = le.AppendUint32(b, e.Size)
	return le.AppendUint16(b, uint16(len(e.Name))) //nolint:gosec // G115: an id
}

// take takes what was added since the last time.
func (z *zipFile) take() []byte {
	b := z.pending
	z.pending = nil
	return b
}

// directory is the end of a ZIP whose files take size bytes.
func directory(entries []ZipEntry, size int64) []byte {
	le := binary.LittleEndian
	var b []byte
	for _, e := range entries {
		b = le.AppendUint32(b, zipCentral)
		b = le.AppendUint16(b, zipVersion)
		b = e.common(b)
		b = append(b, make([]byte, 2+2+2+2+4)...) // no more fields, no comment, first disk, no attributes
		b = le.AppendUint32(b, e.Start)
		b = append(b, e.Name...)
	}
	length := len(b)
	b = le.AppendUint32(b, zipEnd)
	b = le.AppendUint32(b, 0)                    // disks
	b = le.AppendUint16(b, uint16(len(entries))) //nolint:gosec // G115: at most MaxBulk
	b = le.AppendUint16(b, uint16(len(entries))) //nolint:gosec // G115: at most MaxBulk
	b = le.AppendUint32(b, uint32(length))       //nolint:gosec // G115: at most MaxBulk entries
	b = le.AppendUint32(b, uint32(size))         //nolint:gosec // G115: below maxZip
	return le.AppendUint16(b, 0)
}
