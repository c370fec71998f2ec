package torture

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to make and drop databases of our own
)

// houses are the simulator's institutions that are sold for. The first has numbered seats; the second lets little be owed to
// it, so that orders are refused at their close.
var houses = [...]string{"theatre", "museum"} //nolint:gochecknoglobals // a constant list

// museumLimit is the most that may be owed to the second house, in minor units.
const museumLimit = 15_000

// stage is one service of one process or two, one simulator and what is between them. Many schedules are played on it, one after another.
type stage struct {
	program, dir string
	environ      []string // of every process
	database     string   // the service's, through the wire where there is one
	cable        *cable
	wire         *wire // nil on SQLite
	clock        *os.File
	wg           sync.WaitGroup
	drop         func(context.Context) error

	mu       sync.Mutex // guards what follows, and starting and ending processes
	sim      *process
	simReady simReady
	replicas [maxReplicas]replica
	serving  int // how many of them serve
	ahead    time.Duration
	kills    int
	starts   int

	traceMu sync.Mutex
	trace   []string
	live    func(string) // nil: nobody
	began   func() time.Duration
}

// maxReplicas is how many processes serve at most.
const maxReplicas = 2

// replica is one process that serves.
type replica struct {
	process *process // nil: not started yet
	api     string   // its address, which changes with every start
}

// runs says whether the process is there.
func (r *replica) runs() bool { return r.process != nil && !r.process.ended() }

// simReady is the part of the simulator's ready file that is needed.
type simReady struct {
	URL          string `json:"url"`
	Control      string `json:"control"`
	Institutions []struct {
		Code     string `json:"code"`
		Operator string `json:"operator"`
		Partner  string `json:"partner"`
		Secret   string `json:"secret"`
		Contact  string `json:"contact_number"`
	} `json:"institutions"`
}

// say adds a line to the trace of the schedule.
func (s *stage) say(format string, args ...any) {
	s.traceMu.Lock()
	defer s.traceMu.Unlock()
	line := fmt.Sprintf("%9.1f ms  ", float64(s.began().Microseconds())/1000) + fmt.Sprintf(format, args...)
	s.trace = append(s.trace, line)
	if s.live != nil {
		s.live(line)
	}
}

func (s *stage) told() []string {
	s.traceMu.Lock()
	defer s.traceMu.Unlock()
	out := s.trace
	s.trace = nil
	return out
}

// newStage starts everything. Close what it returns.
func newStage(ctx context.Context, o Options, dir string, elapsed func() time.Duration) (_ *stage, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &stage{program: o.Program, dir: dir, began: elapsed, live: o.Trace}
	for _, v := range o.Environ {
		if !strings.HasPrefix(v, "GUICHET_") {
			s.environ = append(s.environ, v)
		}
	}
	if !slices.ContainsFunc(s.environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") }) {
		s.environ = append(s.environ, "GOGC=400") // processes that live for moments start with less work
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	if s.clock, err = os.OpenFile(filepath.Join(dir, "clock"), os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600); err != nil {
		return nil, err
	}
	if err = s.setClock(); err != nil {
		return nil, err
	}
	if err = s.ensureSim(ctx); err != nil {
		return nil, err
	}
	if s.cable, err = newCable(ctx, s); err != nil {
		return nil, err
	}
	if err = s.openDatabase(ctx, o.Database); err != nil {
		return nil, err
	}
	if err = s.configure(); err != nil {
		return nil, err
	}
	for _, command := range []string{"migrate", "sync"} {
		if _, err = s.run(ctx, command); err != nil {
			return nil, err
		}
	}
	s.serving = 1
	return s, s.ensureService(ctx, 0)
}

// openDatabase makes a database for this stage alone.
func (s *stage) openDatabase(ctx context.Context, base string) error {
	if base == "sqlite" {
		s.database = "sqlite:" + filepath.Join(s.dir, "guichet.db")
		return nil
	}
	u, err := url.Parse(base)
	if err != nil {
		return errors.New("the database's address cannot be read")
	}
	db, err := sql.Open("pgx", base)
	if err != nil {
		return errors.New("the database's address cannot be read")
	}
	var suffix [6]byte
	_, _ = rand.Read(suffix[:]) // never fails
	name := "torture_" + hex.EncodeToString(suffix[:])
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return errors.Join(fmt.Errorf("make a database: %w", err), db.Close())
	}
	s.drop = func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, db.Close())
	}
	network := "tcp"
	var addr string
	q := u.Query()
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	switch host := q.Get("host"); {
	case strings.HasPrefix(host, "/"):
		network, addr = "unix", filepath.Join(host, ".s.PGSQL."+port)
	case host != "":
		addr = net.JoinHostPort(host, port)
	default:
		addr = net.JoinHostPort(u.Hostname(), port)
	}
	if s.wire, err = newWire(ctx, s, network, addr); err != nil {
		return err
	}
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.Path, u.RawQuery = s.wire.listener.Addr().String(), "/"+name, q.Encode()
	s.database = u.String()
	return nil
}

// configure writes the service's configuration: short times, no limits.
func (s *stage) configure() error {
	var b strings.Builder
	fmt.Fprintf(&b, "listen: 127.0.0.1:0\noperator_listen: 127.0.0.1:0\ndata_dir: %q\nallow_simulator: true\nkey_rate: 100000\navailability_every: 24h\ndatabase_conns: 6\nlog_level: info\ninstitutions:\n", s.dir)
	file := filepath.Join(s.dir, "guichet.yaml")
	for _, i := range s.simReady.Institutions {
		fmt.Fprintf(&b, "  - code: %s\n    base_url: %s/%s\n    operator: %s\n    partner: %q\n    partner_contact: %q\n    calls_per_minute: 100000\n    calls_at_once: 100\n    unmetered: true\n    refunds: order\n    exchanges: order\n",
			i.Code, s.cable.url, i.Code, i.Operator, i.Partner, i.Contact)
		if i.Code == houses[1] {
			fmt.Fprintf(&b, "    account_limit: %d\n", museumLimit)
		}
		s.environ = append(s.environ, "GUICHET_SECRET_"+strings.ToUpper(i.Code)+"="+i.Secret)
	}
	s.environ = append(s.environ, "GUICHET_CONFIG="+file, "GUICHET_DATABASE="+s.database)
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// run runs a command of the program to its end.
func (s *stage) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.program, args...) //nolint:gosec // our own binary
	cmd.Env = s.environ
	out, err := cmd.Output()
	if err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			err = fmt.Errorf("%w: %s", err, ended.Stderr)
		}
		return "", fmt.Errorf("%s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// platform is where the simulator answers.
func (s *stage) platform() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.simReady.URL
}

// control is where the simulator's control face answers.
func (s *stage) control() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.simReady.Control
}

// ensureSim starts the simulator unless it runs. Its journal brings back what it knew, and it keeps its addresses.
func (s *stage) ensureSim(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sim != nil && !s.sim.ended() {
		return nil
	}
	listen, control := "127.0.0.1:0", "127.0.0.1:0"
	if s.sim != nil {
		listen, control = strings.TrimPrefix(s.simReady.URL, "http://"), strings.TrimPrefix(s.simReady.Control, "http://")
	}
	ready := filepath.Join(s.dir, "sim.json")
	_ = os.Remove(ready)
	p, err := launch(ctx, &s.wg, s.program, filepath.Join(s.dir, "sim.log"), s.environ, "sim", "--world", strings.Join(houses[:], ","),
		"--listen", listen, "--control-listen", control, "--ready-file", ready, "--journal", filepath.Join(s.dir, "journal"),
		"--rate-per-minute", "-1", "--catalog-spacing", "-1s")
	if err != nil {
		return err
	}
	s.sim = p
	return p.ready(ctx, ready, &s.simReady)
}

// serve says how many processes serve from now on; those that are too many end.
func (s *stage) serve(replicas int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serving = replicas
	for i := replicas; i < maxReplicas; i++ {
		if r := &s.replicas[i]; r.runs() {
			r.process.kill()
		}
	}
}

// address is where a process serves.
func (s *stage) address(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replicas[n%s.serving].api
}

// ensureService starts a process that serves unless it runs.
func (s *stage) ensureService(ctx context.Context, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.replicas[n%s.serving]
	if r.runs() {
		return nil
	}
	s.starts++
	ready := filepath.Join(s.dir, fmt.Sprintf("service%d.json", s.starts))
	p, err := launch(ctx, &s.wg, s.program, filepath.Join(s.dir, "service.log"), s.environ, "serve", "--ready-file", ready,
		"--clock-file", s.clock.Name())
	if err != nil {
		return err
	}
	r.process = p
	// Starting calls the platform, where this process may be killed again: the lock is not kept meanwhile.
	s.mu.Unlock()
	var up struct {
		API string `json:"api"`
	}
	err = p.ready(ctx, ready, &up)
	s.mu.Lock()
	if err != nil {
		return err
	}
	r.api = up.API
	s.say("service %d is up", n%s.serving)
	return os.Remove(ready)
}

// killService kills a process that serves; whoever needs it starts it again.
func (s *stage) killService(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.replicas[n%s.serving]
	if !r.runs() {
		return
	}
	r.process.kill()
	s.kills++
	s.say("service %d is killed", n%s.serving)
}

// killSim kills the platform; its next call starts it again.
func (s *stage) killSim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sim == nil || s.sim.ended() {
		return
	}
	s.sim.kill()
	s.kills++
	s.say("the platform is killed")
}

// pauseService stops a process that serves while time goes on.
func (s *stage) pauseService(ctx context.Context, n int, by time.Duration) {
	s.mu.Lock()
	p := s.replicas[n%s.serving].process
	s.mu.Unlock()
	if p != nil {
		p.freeze()
		defer p.thaw()
	}
	if err := s.move(ctx, by); err != nil {
		s.say("moving time: %v", err)
	}
}

// pauseSim stops the platform for a moment.
func (s *stage) pauseSim(by time.Duration) {
	s.mu.Lock()
	p := s.sim
	s.mu.Unlock()
	p.freeze()
	s.wg.Go(func() {
		time.Sleep(by)
		p.thaw()
	})
}

// pass lets time pass once nobody is in the middle of something: a process that runs ends a call within its time, however long
// that is by the clock.
func (s *stage) pass(ctx context.Context, by time.Duration) error {
	s.cable.quiet(ctx)
	return s.move(ctx, by)
}

// move moves everybody's time at once.
func (s *stage) move(ctx context.Context, by time.Duration) error {
	if err := s.ensureSim(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += by
	if err := s.setClock(); err != nil {
		return err
	}
	s.say("%s pass", by)
	return post(ctx, s.simReady.Control+"/clock", map[string]string{"advance": by.String()})
}

// setClock writes by how much the service's time runs ahead, always over the same bytes.
func (s *stage) setClock() error {
	_, err := s.clock.WriteAt(fmt.Appendf(nil, "%-24s\n", s.ahead), 0)
	return err
}

// close ends everything.
func (s *stage) close(ctx context.Context) error {
	var errs []error
	for i := range s.replicas {
		if r := &s.replicas[i]; r.runs() {
			r.process.kill()
		}
	}
	if s.sim != nil && !s.sim.ended() {
		s.sim.kill()
	}
	if s.cable != nil {
		s.cable.close()
	}
	if s.wire != nil {
		s.wire.close()
	}
	s.wg.Wait()
	if s.clock != nil {
		errs = append(errs, s.clock.Close())
	}
	if s.drop != nil {
		errs = append(errs, s.drop(context.WithoutCancel(ctx)))
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// logTail is the end of the service's log.
func (s *stage) logTail() []string {
	return strings.Split(tail(filepath.Join(s.dir, "service.log"), logLines), "\n")
}
