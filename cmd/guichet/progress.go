package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress tells people what a long step is doing: one line that moves on a terminal, plain lines elsewhere.
type progress struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex
	text  string
	since time.Time
	done  chan struct{}
	wg    sync.WaitGroup
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, since: time.Now(), done: make(chan struct{})} //nolint:forbidigo // only shown to people
	if f, ok := w.(*os.File); ok {
		st, err := f.Stat()
		p.terminal = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	if p.terminal {
		p.wg.Go(p.spin)
	}
	return p
}

// say shows what is happening now.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.terminal {
		fmt.Fprintln(p.w, text)
		return
	}
	p.text, p.since = text, time.Now() //nolint:forbidigo // only shown to people
}

func (p *progress) spin() {
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-p.done:
			fmt.Fprint(p.w, "\r\033[K")
			return
		case <-t.C:
			p.mu.Lock()
			fmt.Fprintf(p.w, "\r\033[K%c %s (%.1f s)", []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")[n%10], p.text, time.Since(p.since).Seconds())
			p.mu.Unlock()
		}
	}
}

// stop ends the moving line; later calls do nothing.
func (p *progress) stop() {
	p.mu.Lock()
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	p.mu.Unlock()
	p.wg.Wait()
}
