package templates

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// The ticket that other programs print beside us has a title, five labelled fields, 750 letters of small print, a logo, and
// a QR code and a Code 128 as vectors, in two weights of a Unicode font. The others get their barcodes ready made, we encode
// ours and read them back.

const peerTerms = "This ticket admits one person to the event named above. Keep it safe: the barcode is valid once, and a copy will be " +
	"refused at the door. Doors open 60 minutes before the start. Latecomers are admitted at a suitable break only. Photography and " +
	"sound recording are not permitted. Refunds are made only if the event is cancelled; the organiser may change the programme or the " +
	"cast. Please bring a photo identity document. Resale above the printed price is prohibited and voids this ticket. Es gelten die " +
	"Allgemeinen Geschäftsbedingungen des Veranstalters in der jeweils gültigen Fassung. Wheelchair users and their companions: please " +
	"use the entrance on the north side; a free companion ticket is available on request."

// peerPages are tickets that differ in holder, seat and barcode.
func peerPages(n int) []delivery.Page {
	holders := []string{
		"Anna Müller", "Žofie Dvořáková", "Łukasz Święcicki", "Иван Петров", "Ελένη Παπαδοπούλου", "François Lefèvre", "Søren Ångström",
	}
	start := time.Date(2027, 3, 14, 19, 30, 0, 0, time.FixedZone("CET", 60*60))
	pages := make([]delivery.Page, n)
	for i := range pages {
		pages[i] = delivery.Page{
			TicketID: "tkt_" + digits(i, 26), Organiser: "Staatstheater", Kind: "event", Title: "Die Zauberflöte – Große Oper", Start: start,
			Venue:    delivery.Venue{Name: "Staatstheater", Street: "Opernring 2", Zip: "1010", Town: "Wien"},
			Seat:     delivery.Seat{Area: "Parterre links", Row: strconv.Itoa(i/20 + 1), Number: strconv.Itoa(i%20 + 1)},
			Numbered: true, Price: domain.Money{Amount: 12900, Currency: "EUR"}, Holder: holders[i%len(holders)],
			Barcode: "TKT7F3A99C2" + digits(i, 6), Symbology: delivery.QR, Terms: peerTerms, Layout: "peer", IssuedAt: start.AddDate(0, -3, 0),
		}
	}
	return pages
}

// peerLogo is an opaque picture of 300 by 100 points.
func peerLogo() []byte {
	im := image.NewNRGBA(image.Rect(0, 0, 300, 100))
	for y := range 100 {
		for x := range 300 {
			c := color.NRGBA{uint8(x * 255 / 300), uint8(y * 2), 160, 255}
			if (x-50)*(x-50)+(y-50)*(y-50) < 1600 {
				c = color.NRGBA{250, 200, 30, 255}
			}
			im.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, im) // a buffer does not fail
	return b.Bytes()
}

// printer is one program that prints the tickets.
type printer interface {
	// alone prints n files of one ticket, and returns their bytes together.
	alone(n int) (int, error)
	// book prints one file of n tickets.
	book(n int) (int, error)
	// save keeps a file of the first n tickets.
	save(file string, n int) error
	// process is its number, of whose time all of its children's is part.
	process() int
}

// ours is the printer being measured.
type ours struct {
	r     *Renderer
	pages []delivery.Page
	next  int
}

func newOurs(tb testing.TB) *ours {
	tb.Helper()
	r := mustNew(tb, Options{Layouts: fstest.MapFS{
		"peer.json": {Data: mustRead(tb, "testdata/peers/peer.json")}, "logo.png": {Data: peerLogo()},
	}})
	return &ours{r: r, pages: peerPages(2000)}
}

func (o *ours) process() int { return os.Getpid() }

func (o *ours) alone(n int) (int, error) {
	total := 0
	for range n {
		b, err := o.book(1)
		if err != nil {
			return 0, err
		}
		total += b
	}
	return total, nil
}

func (o *ours) book(n int) (int, error) {
	var out bytes.Buffer
	err := o.print(&out, n)
	return out.Len(), err
}

func (o *ours) save(file string, n int) error {
	o.next = 0
	var out bytes.Buffer
	if err := o.print(&out, n); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o600)
}

// print does what Renderer.PDF does, and adds the second barcode, which a layout cannot ask for: encoded, read back, drawn.
func (o *ours) print(w io.Writer, n int) error {
	if o.next+n > len(o.pages) {
		o.next = 0
	}
	pages := o.pages[o.next : o.next+n]
	o.next += n
	ctx, r := context.Background(), o.r
	leaves, symbols, err := r.plan(ctx, pages)
	if err != nil {
		return err
	}
	words := pick(r.locales, "en")
	work := r.worker(words)
	defer r.giveBack(ctx, work)
	out := newPDF(w, &work.workspace, 210, 297)
	j := job{r: r, words: words, text: work.shaper, pages: pages, symbols: symbols, pics: pictures{r: r}}
	room := rect{35, 125, 140, 20}
	for _, lf := range j.spread(leaves) {
		j.draw(ctx, &witness{canvas: out}, lf, out.size)
		s, err := encode(delivery.Code128, pages[lf.from].Barcode)
		if err != nil {
			return err
		}
		if err := r.reader.modules(s); err != nil {
			return err
		}
		m, err := s.fit(room, room.H)
		if err != nil {
			return err
		}
		out.barcode(room, s, m)
		if err := out.endPage(); err != nil {
			return err
		}
	}
	return out.end(ctx, meta{Title: "Tickets", Language: "en", Made: pages[0].IssuedAt})
}

// peerTicket is a ticket as others get it.
type peerTicket struct {
	Title   string      `json:"title"`
	Fields  [][2]string `json:"fields"`
	QR      peerCode    `json:"qr"`
	Code128 peerCode    `json:"code128"`
}

// peerCode is a barcode in modules.
type peerCode struct {
	W    int      `json:"w"`
	H    int      `json:"h"`
	Bars [][4]int `json:"bars"`
}

func newPeerCode(tb testing.TB, kind delivery.Symbology, payload string) peerCode {
	tb.Helper()
	s, err := encode(kind, payload)
	if err != nil {
		tb.Fatal(err)
	}
	c := peerCode{W: s.w, H: s.h}
	s.bars(func(x, y, w, h int) { c.Bars = append(c.Bars, [4]int{x, y, w, h}) })
	return c
}

// peerTickets are our tickets with the words that we print on them.
func peerTickets(tb testing.TB, o *ours) []peerTicket {
	tb.Helper()
	words := pick(o.r.locales, "en")
	out := make([]peerTicket, 50)
	for i := range out {
		p := &o.pages[i]
		f := read(words, p)
		out[i] = peerTicket{
			Title: p.Title,
			Fields: [][2]string{
				{words.word("date"), f["date"] + ", " + f["time"]},
				{words.word("venue"), f["venue"] + ", " + f["venue.street"] + ", " + f["venue.town"]},
				{words.word("seat"), f["area"] + ", " + words.word("row") + " " + f["row"] + ", " + words.word("seat") + " " + f["seat"]},
				{words.word("price"), f["price"]},
				{words.word("holder"), f["holder"]},
			},
			QR: newPeerCode(tb, delivery.QR, p.Barcode), Code128: newPeerCode(tb, delivery.Code128, p.Barcode),
		}
	}
	return out
}

// program is a printer that is told its jobs line by line.
type program struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func startProgram(tb testing.TB, name string, args ...string) *program {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), name, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close() // tells it to end
		_ = cmd.Wait() // what it says then is of no interest
	})
	return &program{cmd, in, bufio.NewReader(out)}
}

func (p *program) process() int { return p.cmd.Process.Pid }

func (p *program) ask(job string) (int, error) {
	if _, err := io.WriteString(p.in, job+"\n"); err != nil {
		return 0, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(line))
}

func (p *program) alone(n int) (int, error) { return p.ask(fmt.Sprintf("alone %d", n)) }
func (p *program) book(n int) (int, error)  { return p.ask(fmt.Sprintf("book %d", n)) }
func (p *program) save(file string, n int) error {
	_, err := p.ask(fmt.Sprintf("save %s %d", file, n))
	return err
}

// chromium is a browser that stays open with the tickets' page in it, spoken to over its pipe.
type chromium struct {
	cmd     *exec.Cmd
	to      io.Writer
	from    *bufio.Reader
	id      int
	session string
	tickets []peerTicket
	next    int
}

func startChromium(tb testing.TB, page string, tickets []peerTicket) *chromium {
	tb.Helper()
	toRead, toWrite, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	fromRead, fromWrite, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
		"--no-first-run", "--disable-extensions", "--disable-background-networking", "--user-data-dir="+tb.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{toRead, fromWrite}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	c := &chromium{cmd: cmd, to: toWrite, from: bufio.NewReader(fromRead), tickets: tickets}
	tb.Cleanup(func() {
		_, _ = c.call("Browser.close", nil) // the browser answers by going
		_ = cmd.Wait()
		for _, f := range []*os.File{toRead, toWrite, fromRead, fromWrite} {
			_ = f.Close()
		}
	})
	if err := c.open(page); err != nil {
		tb.Fatal(err)
	}
	return c
}

func (c *chromium) process() int { return c.cmd.Process.Pid }

// call sends one command and waits for its answer.
func (c *chromium) call(method string, params map[string]any) (json.RawMessage, error) {
	c.id++
	message := map[string]any{"id": c.id, "method": method, "params": params}
	if c.session != "" && !strings.HasPrefix(method, "Browser.") {
		message["sessionId"] = c.session
	}
	b, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	if _, err := c.to.Write(append(b, 0)); err != nil {
		return nil, err
	}
	for {
		b, err := c.from.ReadBytes(0)
		if err != nil {
			return nil, err
		}
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(b[:len(b)-1], &answer); err != nil {
			return nil, err
		}
		switch {
		case answer.ID != c.id: // news
		case answer.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
		default:
			return answer.Result, nil
		}
	}
}

// open shows the page in a tab of its own.
func (c *chromium) open(page string) error {
	var made struct{ TargetID, SessionID string }
	b, err := c.call("Target.createTarget", map[string]any{"url": (&url.URL{Scheme: "file", Path: page}).String()})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &made); err != nil {
		return err
	}
	if b, err = c.call("Target.attachToTarget", map[string]any{"targetId": made.TargetID, "flatten": true}); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &made); err != nil {
		return err
	}
	c.session = made.SessionID
	ready := "new Promise(r => document.readyState == 'complete' ? r() : addEventListener('load', () => r()))"
	_, err = c.call("Runtime.evaluate", map[string]any{"expression": ready, "awaitPromise": true})
	return err
}

func (c *chromium) file(n int) ([]byte, error) {
	some := make([]peerTicket, n)
	for i := range some {
		some[i] = c.tickets[c.next%len(c.tickets)]
		c.next++
	}
	b, err := json.Marshal(some)
	if err != nil {
		return nil, err
	}
	terms, err := json.Marshal(peerTerms)
	if err != nil {
		return nil, err
	}
	if _, err := c.call("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf("show(%s, %s)", b, terms), "awaitPromise": true}); err != nil {
		return nil, err
	}
	b, err = c.call("Page.printToPDF", map[string]any{"preferCSSPageSize": true, "printBackground": true})
	if err != nil {
		return nil, err
	}
	var made struct{ Data string }
	if err := json.Unmarshal(b, &made); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(made.Data)
}

func (c *chromium) alone(n int) (int, error) {
	total := 0
	for range n {
		b, err := c.file(1)
		if err != nil {
			return 0, err
		}
		total += len(b)
	}
	return total, nil
}

func (c *chromium) book(n int) (int, error) {
	b, err := c.file(n)
	return len(b), err
}

func (c *chromium) save(file string, n int) error {
	c.next = 0
	b, err := c.file(n)
	if err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

// processorTime is what a process and all that come from it have used, in ticks of 10 ms.
func processorTime(tb testing.TB, process int) time.Duration {
	tb.Helper()
	const tick = 10 * time.Millisecond
	if process == os.Getpid() { // its children are the others
		_, _, n := processStat(mustRead(tb, "/proc/self/stat"))
		return time.Duration(n) * tick
	}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		tb.Fatal(err)
	}
	type usage struct{ parent, ticks int }
	all := map[int]usage{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		id, parent, ticks := processStat(b)
		all[id] = usage{parent, ticks}
	}
	total := 0
	for id, u := range all {
		for at := id; at > 1; at = all[at].parent {
			if at == process {
				total += u.ticks
				break
			}
		}
	}
	return time.Duration(total) * tick
}

// processStat reads a line of proc(5): a process, its parent, and the time of it and of its ended children.
func processStat(b []byte) (id, parent, ticks int) {
	before, _, _ := strings.Cut(string(b), " (")
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	var n [5]int
	for i, at := range [5]int{1, 11, 12, 13, 14} {
		n[i], _ = strconv.Atoi(f[at]) // numbers, says proc(5)
	}
	id, _ = strconv.Atoi(before)
	return id, n[0], n[1] + n[2] + n[3] + n[4]
}

// peers starts those that print beside us; folder has what .ci/bench-tickets prepared.
func peers(tb testing.TB, o *ours, folder string) (names []string, all map[string]printer) {
	tb.Helper()
	tickets := peerTickets(tb, o)
	work := tb.TempDir()
	files := map[string][]byte{
		"regular.ttf": mustRead(tb, "fonts/DejaVuSans.ttf"), "bold.ttf": mustRead(tb, "fonts/DejaVuSans-Bold.ttf"), "logo.png": peerLogo(),
		"chromium.html": mustRead(tb, "testdata/peers/chromium.html"),
	}
	data, err := json.Marshal(map[string]any{
		"logo": filepath.Join(work, "logo.png"), "regular": filepath.Join(work, "regular.ttf"), "bold": filepath.Join(work, "bold.ttf"),
		"terms": peerTerms, "tickets": tickets,
	})
	if err != nil {
		tb.Fatal(err)
	}
	files["tickets.json"] = data
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(work, name), b, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	list := filepath.Join(work, "tickets.json")
	return []string{"guichet", "fpdf", "pdfkit", "chromium"}, map[string]printer{
		"guichet":  o,
		"fpdf":     startProgram(tb, filepath.Join(folder, "fpdf"), list),
		"pdfkit":   startProgram(tb, "node", filepath.Join(folder, "pdfkit.js"), list),
		"chromium": startChromium(tb, filepath.Join(work, "chromium.html"), tickets),
	}
}

// prove refuses a printer whose ticket lacks words or a barcode that scans.
func prove(tb testing.TB, name string, p printer, pages []delivery.Page) {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), name+".pdf")
	if err := p.save(file, 2); err != nil {
		tb.Fatal(err)
	}
	out := func(name string, args ...string) string {
		b, err := exec.CommandContext(tb.Context(), name, args...).Output()
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		return flat(string(b))
	}
	text := out("pdftotext", file, "-")
	for _, page := range pages[:2] {
		for _, want := range []string{page.Title, page.Holder, "Parterre links", "€129.00", "available on request."} {
			if !strings.Contains(text, want) {
				tb.Fatalf("%s: no %q in %q", name, want, text)
			}
		}
	}
	out("pdftoppm", "-r", "200", "-gray", "-png", file, file)
	codes := out("zbarimg", "-q", file+"-1.png", file+"-2.png")
	for _, page := range pages[:2] {
		for _, want := range []string{"QR-Code:" + page.Barcode, "CODE-128:" + page.Barcode} {
			if !strings.Contains(codes, want) {
				tb.Fatalf("%s: no %s in %s", name, want, codes)
			}
		}
	}
}

// measured is what one printer took in one round.
type measured struct {
	wall, processor float64 // seconds a ticket
	bytes           float64 // a ticket
}

func measurePeer(tb testing.TB, p printer, tickets int, job func(int) (int, error)) measured {
	tb.Helper()
	before, start := processorTime(tb, p.process()), time.Now()
	size, err := job(tickets)
	if err != nil {
		tb.Fatal(err)
	}
	n := float64(tickets)
	wall := time.Since(start).Seconds() / n
	return measured{wall, (processorTime(tb, p.process()) - before).Seconds() / n, float64(size) / n}
}

// median of one of the rounds' figures.
func median(rounds []measured, of func(measured) float64) float64 {
	v := make([]float64, len(rounds))
	for i, r := range rounds {
		v[i] = of(r)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkBesidePeers prints the same ticket with four programs in turn, and reports how many times the tickets of each other
// we print in the same processor time. Without the folder that .ci/bench-tickets prepares, it measures us alone.
func BenchmarkBesidePeers(b *testing.B) {
	o := newOurs(b)
	names, all := []string{"guichet"}, map[string]printer{"guichet": o}
	if folder := os.Getenv("GUICHET_PEERS"); folder != "" {
		names, all = peers(b, o, folder)
	}
	for _, name := range names {
		prove(b, name, all[name], o.pages)
		if _, err := all[name].alone(20); err != nil { // warm
			b.Fatal(err)
		}
	}
	b.Run("alone", func(b *testing.B) {
		compare(b, names, all, map[string]int{"guichet": 1000, "fpdf": 60, "pdfkit": 25, "chromium": 25},
			func(p printer) func(int) (int, error) { return p.alone })
	})
	b.Run("book", func(b *testing.B) {
		compare(b, names, all, map[string]int{"guichet": 1000, "fpdf": 1000, "pdfkit": 1000, "chromium": 200},
			func(p printer) func(int) (int, error) { return p.book })
	})
}

// compare runs rounds in which each printer has its turn.
func compare(b *testing.B, names []string, all map[string]printer, tickets map[string]int, job func(printer) func(int) (int, error)) {
	b.Helper()
	rounds := map[string][]measured{}
	for b.Loop() {
		for _, name := range names {
			rounds[name] = append(rounds[name], measurePeer(b, all[name], tickets[name], job(all[name])))
		}
	}
	b.ReportMetric(0, "ns/op")
	processor := func(m measured) float64 { return m.processor }
	own := median(rounds["guichet"], processor)
	for _, name := range names {
		r := rounds[name]
		p := median(r, processor)
		b.Logf("%-9s %7.0f tickets/s of one core  %7.0f tickets/s by the clock  %7.0f bytes/ticket  ours is %5.1f times",
			name, 1/p, 1/median(r, func(m measured) float64 { return m.wall }), median(r, func(m measured) float64 { return m.bytes }), p/own)
		if name != "guichet" {
			b.ReportMetric(p/own, "times_"+name)
		}
	}
	b.ReportMetric(1/own, "tickets/s")
}
