package delivery

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"time"

	"guichet/domain"
	"guichet/domain/sales"
)

// ExportState is how far an export is.
type ExportState string

// The states of an export.
const (
	ExportWaiting ExportState = "waiting" // nobody has begun
	ExportRunning ExportState = "running"
	ExportDone    ExportState = "done"
	ExportFailed  ExportState = "failed" // Failure says why
)

// Export is a file of many tickets that is made in the background: bounded piece by piece, each kept in the database with how far
// it is. Whoever goes on with it after a stop, here or on another replica, begins after the last piece.
type Export struct {
	ID           string // "exp_…"
	Storefront   string // whose it is
	State        ExportState
	Bulk         Bulk
	Institutions []domain.InstitutionCode // of its orders
	Orders       []sales.OrderID          // only where it is worked on
	Total        int                      // tickets when it was asked for
	Done         int                      // tickets that are in the pieces
	Next         int                      // orders that are in the pieces; ZIP
	Size         int64                    // bytes of the pieces
	Parts        int                      // how many pieces there are
	Digest       string                   // of what a PDF is printed from
	Failure      string                   // a code, where it failed
	Changes      int64                    // how often tickets of its orders were replaced or taken back since it was asked for
	Printed      int64                    // Changes when what the pieces hold was begun
	Claim        string                   // who works on it
	CreatedAt    time.Time
	FinishedAt   time.Time
}

// Stale says that the file is made and may show tickets that are not good any more.
func (e *Export) Stale() bool { return e.State == ExportDone && e.Changes != e.Printed }

// How long things last. A claim is renewed with every piece; whoever dies leaves it to others after ClaimFor.
const (
	ExportKept   = 24 * time.Hour
	ClaimFor     = time.Minute
	exportPiece  = 1 << 20
	exportBudget = 30 * time.Second // of one run, so that several exports take turns
)

// ExportPart is a piece of an export's file.
type ExportPart struct {
	Number  int // from 0 on
	Start   int64
	Content []byte
	Entries []ZipEntry // of the files that end in it
}

// Exports keeps exports. It is safe for concurrent use, also by several processes.
type Exports interface {
	// CreateExport keeps a new export, and asks for its job (tickets.export), in one transaction. From then on Changes rises in the
	// transaction of every order of it that replaces a ticket's barcode or takes a ticket back.
	CreateExport(ctx context.Context, e Export) error
	// Export reads one without its orders; domain.NotFound (export.unknown).
	Export(ctx context.Context, id string) (Export, error)
	// ClaimExport takes an open export that nobody works on, with its orders; ok is false where there is nothing to take.
	ClaimExport(ctx context.Context, id, claim string, now, until time.Time) (e Export, ok bool, err error)
	// SaveExport keeps how far an export is, with a new piece where there is one, and renews the claim. The piece takes the place
	// of those from its number on; one that failed loses all. It changes nothing where the claim is another one's: export.claim
	// (Conflict).
	SaveExport(ctx context.Context, e Export, part *ExportPart, until time.Time) error
	// ExportEntries lists what the pieces have for the directory of a ZIP.
	ExportEntries(ctx context.Context, id string) ([]ZipEntry, error)
	// ExportPart reads the piece that has a byte.
	ExportPart(ctx context.Context, id string, at int64) (ExportPart, error)
	// OpenExports lists exports that are open and that nobody works on, the oldest first.
	OpenExports(ctx context.Context, now time.Time, limit int) ([]string, error)
	// DropExports deletes exports that were asked for before a time, with their pieces, and returns how many.
	DropExports(ctx context.Context, before time.Time, limit int) (int, error)
}

// CodeExportClaim says that somebody else works on an export; callers of the API never see it.
const CodeExportClaim = "export.claim"

// TaskExport makes an export.
const TaskExport domain.TaskKind = "tickets.export"

// StartExport keeps an export for the background.
func (s *Service) StartExport(ctx context.Context, e Export) (Export, error) {
	e.State, e.CreatedAt = ExportWaiting, s.Clock()
	return e, s.Exports.CreateExport(ctx, e)
}

// MakeExport goes on with an export until it is done, for half a minute at most. What it cannot finish
// is gone on with by the next run. An export that cannot be made is failed with the code of why.
func (s *Service) MakeExport(ctx context.Context, id string) (domain.Outcome, error) {
	now := s.Clock()
	e, ok, err := s.Exports.ClaimExport(ctx, id, s.IDs("clm"), now, now.Add(ClaimFor))
	if err != nil || !ok {
		return domain.Outcome{Detail: "nothing to do"}, err
	}
	w := &exportWork{s: s, e: e, press: s.press(e.Bulk), until: now.Add(exportBudget)}
	if e.Changes != e.Printed { // the pieces may hold tickets that are not good any more
		w.anew()
	}
	if e.Bulk.Format == BulkPDF {
		err = w.pdf(ctx)
	} else {
		err = w.zip(ctx)
	}
	switch {
	case errors.Is(err, errLater), domain.HasCode(err, CodeExportClaim):
		err = nil
	case err != nil && ctx.Err() == nil && !passes(err):
		w.e.State, w.e.Failure, w.e.FinishedAt = ExportFailed, domain.AsError(err).Code, s.Clock()
		s.Log.WarnContext(ctx, "export failed", slog.String("export", id), slog.Any("error", err))
		err = s.Exports.SaveExport(ctx, w.e, nil, s.Clock())
	case err != nil: // the process is told to stop, or the database does not answer: whoever comes next may begin at once
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		err = errors.Join(err, s.Exports.SaveExport(bounded, w.e, nil, s.Clock()))
	}
	return domain.Outcome{Done: w.e.Done - e.Done, Left: w.e.Total - w.e.Done, Detail: string(w.e.State)}, err
}

// passes says that a failure may be over when it is tried again.
func passes(err error) bool {
	k := domain.AsError(err).Kind
	return k == domain.Unavailable && !domain.HasCode(err, CodeUnreadable) || k == domain.Limited
}

// errLater says that the time of a run is over.
var errLater = errors.New("delivery: an export goes on later")

// exportWork is one run of an export.
type exportWork struct {
	s     *Service
	e     Export
	press *press
	until time.Time
}

// anew leaves out of account what was printed before: the next piece is the first one.
func (w *exportWork) anew() {
	w.e.Parts, w.e.Size, w.e.Done, w.e.Next, w.e.Digest, w.e.Printed = 0, 0, 0, 0, "", w.e.Changes
}

// save keeps a piece, and that so many tickets and orders are in the pieces. Where it fails the export is as far as it was.
func (w *exportWork) save(ctx context.Context, content []byte, entries []ZipEntry, done, next int) error {
	part := &ExportPart{Number: w.e.Parts, Start: w.e.Size, Content: content, Entries: entries}
	e := w.e
	e.State, e.Done, e.Next, e.Parts, e.Size = ExportRunning, done, next, e.Parts+1, e.Size+int64(len(content))
	if err := w.s.Exports.SaveExport(ctx, e, part, w.s.Clock().Add(ClaimFor)); err != nil {
		return err
	}
	w.e = e
	return nil
}

func (w *exportWork) done(ctx context.Context) error {
	w.e.State, w.e.FinishedAt = ExportDone, w.s.Clock()
	return w.s.Exports.SaveExport(ctx, w.e, nil, w.s.Clock())
}

// later leaves the rest to the next run.
func (w *exportWork) later(ctx context.Context) error {
	return errors.Join(errLater, w.s.Exports.SaveExport(ctx, w.e, nil, w.s.Clock()))
}

// zip adds order after order, and the directory at the end.
func (w *exportWork) zip(ctx context.Context) error {
	z := zipFile{size: w.e.Size}
	done, next := w.e.Done, w.e.Next
	for next < len(w.e.Orders) {
		if w.s.Clock().After(w.until) {
			return w.later(ctx)
		}
		at := len(z.entries)
		if err := w.press.add(ctx, &z, w.e.Orders[next]); err != nil {
			return err
		}
		for _, e := range z.entries[at:] {
			done += e.Tickets
		}
		if next++; len(z.pending) < exportPiece && next < len(w.e.Orders) {
			continue
		}
		if err := w.save(ctx, z.take(), z.entries, done, next); err != nil {
			return err
		}
		z.entries = nil
	}
	entries, err := w.s.Exports.ExportEntries(ctx, w.e.ID)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return NothingToPrint()
	}
	if err := w.save(ctx, directory(entries, w.e.Size), nil, done, next); err != nil {
		return err
	}
	return w.done(ctx)
}

// pdf prints one document. The same tickets give the same bytes: a run that goes on prints anew and keeps only what comes after
// the pieces that are there. Where a ticket changed meanwhile, it begins anew.
func (w *exportWork) pdf(ctx context.Context) error {
	d, err := w.press.gather(ctx, w.e.Orders)
	if err != nil {
		return err
	}
	digest, err := w.s.Renderer.Digest(d)
	if err != nil {
		return err
	}
	if digest != w.e.Digest {
		w.anew()
		w.e.Digest = digest
	}
	p := &pieces{ctx: ctx, work: w, skip: w.e.Size}
	if err := w.s.Renderer.PDF(ctx, p, d); err != nil {
		return err
	}
	p.drawn = len(d.Pages)
	if err := p.flush(); err != nil {
		return err
	}
	w.e.Done = len(d.Pages)
	return w.done(ctx)
}

// pieces keeps what is written to it, after the bytes to skip.
type pieces struct {
	ctx   context.Context //nolint:containedctx // an io.Writer is handed none
	work  *exportWork
	skip  int64
	buf   bytes.Buffer
	drawn int
}

// Drawn implements Drawing.
func (p *pieces) Drawn(tickets int) { p.drawn = tickets }

// Write implements io.Writer.
func (p *pieces) Write(b []byte) (int, error) {
	n := len(b)
	if p.skip > 0 {
		k := min(p.skip, int64(len(b)))
		p.skip -= k
		b = b[k:]
	}
	p.buf.Write(b)
	if p.buf.Len() >= exportPiece {
		if err := p.flush(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (p *pieces) flush() error {
	if p.buf.Len() == 0 {
		return nil
	}
	content := bytes.Clone(p.buf.Bytes())
	p.buf.Reset()
	return p.work.save(p.ctx, content, nil, max(p.work.e.Done, p.drawn), 0)
}

// SweepExports goes on with exports that were left, and deletes those whose time is over.
func (s *Service) SweepExports(ctx context.Context) (domain.Outcome, error) {
	now := s.Clock()
	gone, err := s.Exports.DropExports(ctx, now.Add(-ExportKept), 20)
	if err != nil {
		return domain.Outcome{}, err
	}
	out := domain.Outcome{Done: gone}
	open, err := s.Exports.OpenExports(ctx, now, 1)
	for _, id := range open {
		_, err = s.MakeExport(ctx, id)
		out.Done++
	}
	if gone > 0 {
		out.Detail = strconv.Itoa(gone) + " deleted"
	}
	return out, err
}

// ExportFile is the bytes of an export that is done. It implements io.ReadSeeker and is used by one goroutine.
type ExportFile struct {
	ctx  context.Context //nolint:containedctx // an io.Reader is handed none
	keep Exports
	id   string
	size int64
	at   int64
	part ExportPart
}

// OpenExport opens the file of an export. Errors: export.not_ready, export.failed, export.gone, export.stale.
func (s *Service) OpenExport(ctx context.Context, e *Export) (*ExportFile, error) {
	switch {
	case e.State == ExportFailed:
		return nil, domain.Errorf(domain.Conflict, CodeExportFailed, "the file could not be made: %s", e.Failure)
	case e.State != ExportDone:
		return nil, domain.Errorf(domain.Conflict, CodeExportNotReady, "%d of %d tickets are printed", e.Done, e.Total)
	case s.Clock().After(e.CreatedAt.Add(ExportKept)):
		return nil, domain.Errorf(domain.Gone, CodeExportGone, "the file was kept for a day")
	case e.Stale():
		return nil, domain.Errorf(domain.Gone, CodeExportStale, "tickets of its orders were replaced or taken back after it was printed")
	}
	return &ExportFile{ctx: ctx, keep: s.Exports, id: e.ID, size: e.Size}, nil
}

// Seek implements io.Seeker.
func (f *ExportFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case 1: // io.SeekCurrent
		offset += f.at
	case 2: // io.SeekEnd
		offset += f.size
	}
	if offset < 0 {
		return 0, errors.New("delivery: seek before the beginning of an export")
	}
	f.at = offset
	return offset, nil
}

// Read implements io.Reader.
func (f *ExportFile) Read(b []byte) (int, error) {
	if f.at >= f.size {
		return 0, io.EOF
	}
	if in := f.at - f.part.Start; in < 0 || in >= int64(len(f.part.Content)) {
		var err error
		if f.part, err = f.keep.ExportPart(f.ctx, f.id, f.at); err != nil {
			return 0, err
		}
	}
	n := copy(b, f.part.Content[f.at-f.part.Start:])
	f.at += int64(n)
	return n, nil
}
