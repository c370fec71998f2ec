package torture

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// wire is the connection between the service and PostgreSQL. It knows so much of the protocol that it can number the
// commits of transactions that touch orders, and lets things go wrong at them.
type wire struct {
	stage         *stage
	listener      net.Listener
	network, addr string // of the database
	wg            sync.WaitGroup

	mu    sync.Mutex
	n     int
	hits  []hit
	conns map[*link]bool
}

// link is one connection of the service.
type link struct {
	wire       *wire
	near, far  net.Conn
	statements map[string]bool // prepared statements that touch orders
	touches    bool            // the transaction has touched orders

	mu      sync.Mutex
	swallow *hit // the next answer is not given, because this goes wrong after the work
}

func newWire(ctx context.Context, s *stage, network, addr string) (*wire, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{stage: s, listener: l, network: network, addr: addr, conns: map[*link]bool{}}
	w.wg.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			w.wg.Go(func() { w.serve(ctx, near) })
		}
	})
	return w, nil
}

func (w *wire) close() {
	_ = w.listener.Close()
	w.cut()
	w.wg.Wait()
}

// cut ends every connection.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.conns {
		l.end()
	}
}

func (w *wire) storm(hits []hit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n, w.hits = 0, hits
}

func (w *wire) serve(ctx context.Context, near net.Conn) {
	var d net.Dialer
	far, err := d.DialContext(ctx, w.network, w.addr)
	if err != nil {
		_ = near.Close()
		return
	}
	l := &link{wire: w, near: near, far: far, statements: map[string]bool{}}
	w.mu.Lock()
	w.conns[l] = true
	w.mu.Unlock()
	w.wg.Go(func() {
		defer l.end()
		_ = l.down()
	})
	_ = l.up()
	l.end()
	w.mu.Lock()
	delete(w.conns, l)
	w.mu.Unlock()
}

func (l *link) end() {
	_ = l.near.Close()
	_ = l.far.Close()
}

// up carries what the service says.
func (l *link) up() error {
	r, w := bufio.NewReaderSize(l.near, wireBuffer), bufio.NewWriterSize(l.far, wireBuffer)
	first, err := message(r, 0)
	if err != nil {
		return err
	}
	if _, err := l.far.Write(first); err != nil {
		return err
	}
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return err
		}
		m, err := message(r, kind)
		if err != nil {
			return err
		}
		if l.commits(m) {
			if h := l.wire.meet(); h != nil {
				if err := w.Flush(); err != nil {
					return err
				}
				if !l.hit(*h) {
					return errEnded
				}
			}
		}
		if err := pass(r, w, m); err != nil {
			return err
		}
	}
}

// wireBuffer is what is carried at once.
const wireBuffer = 32 << 10

// pass hands a message on, together with those that have arrived behind it.
func pass(r *bufio.Reader, w *bufio.Writer, m []byte) error {
	if _, err := w.Write(m); err != nil || r.Buffered() > 0 {
		return err
	}
	return w.Flush()
}

// errEnded says that a connection was cut on purpose.
var errEnded = errors.New("cut")

// maxMessage bounds one message of the protocol; catalogs travel in some.
const maxMessage = 256 << 20

// message reads one message whose kind (0: it has none, the first one) has been read.
func message(r io.Reader, kind byte) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 4 || n > maxMessage {
		return nil, errors.New("not PostgreSQL's protocol")
	}
	m := make([]byte, 0, n+1)
	if kind != 0 {
		m = append(m, kind)
	}
	m = append(m, size[:]...)
	head := len(m)
	m = m[:head+int(n)-4]
	_, err := io.ReadFull(r, m[head:])
	return m, err
}

// commits follows what the transaction does, and says whether this message commits one that touched orders.
func (l *link) commits(m []byte) bool {
	body := m[5:]
	switch m[0] {
	case 'P': // parse: name, text
		name, text, _ := bytes.Cut(body, []byte{0})
		l.statements[string(name)] = aboutOrders(text)
	case 'B': // bind: portal, name
		_, rest, _ := bytes.Cut(body, []byte{0})
		name, _, _ := bytes.Cut(rest, []byte{0})
		l.touches = l.touches || l.statements[string(name)]
	case 'Q':
		text := strings.ToLower(strings.TrimRight(string(body), "\x00; "))
		switch {
		case text == "commit":
			touched := l.touches
			l.touches = false
			return touched
		case text == "rollback", strings.HasPrefix(text, "begin"):
			l.touches = false
		default:
			l.touches = l.touches || aboutOrders(body)
		}
	}
	return false
}

func aboutOrders(text []byte) bool {
	return bytes.Contains(text, []byte(`"orders"`)) || bytes.Contains(text, []byte(`"idempotency_keys"`))
}

func (w *wire) meet() *hit {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	for i := range w.hits {
		if w.hits[i].where == atCommit && w.hits[i].n == w.n {
			return &w.hits[i]
		}
	}
	return nil
}

// hit lets something go wrong at a commit; true lets the commit pass.
func (l *link) hit(h hit) bool {
	if h.after {
		l.mu.Lock()
		l.swallow = &h
		l.mu.Unlock()
		return true
	}
	return l.strike(h)
}

// strike is what goes wrong; true lets the message pass.
func (l *link) strike(h hit) bool {
	s := l.wire.stage
	s.say("hit: %s", h)
	switch h.what {
	case hitCut:
		return false
	case hitCutAll:
		l.wire.cut()
		return false
	case hitKill:
		s.killService(h.whose)
		return false
	case hitPause:
		s.pauseService(context.Background(), h.whose, h.by) //nolint:forbidigo // a connection has no context of its own
	case hitDelay:
		time.Sleep(h.by)
	}
	return true
}

// down carries what the database answers.
func (l *link) down() error {
	r, w := bufio.NewReaderSize(l.far, wireBuffer), bufio.NewWriterSize(l.near, wireBuffer)
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return err
		}
		m, err := message(r, kind)
		if err != nil {
			return err
		}
		l.mu.Lock()
		h := l.swallow
		if kind == 'Z' { // ready for the next: the answer to the commit is complete
			l.swallow = nil
		}
		l.mu.Unlock()
		if h != nil {
			if kind != 'Z' {
				continue
			}
			if err := w.Flush(); err != nil {
				return err
			}
			if !l.strike(*h) {
				return errEnded
			}
			m = append(commandComplete(), m...)
		}
		if err := pass(r, w, m); err != nil {
			return err
		}
	}
}

// commandComplete is the answer to a commit.
func commandComplete() []byte {
	const tag = "COMMIT\x00"
	m := binary.BigEndian.AppendUint32([]byte{'C'}, uint32(4+len(tag)))
	return append(m, tag...)
}
