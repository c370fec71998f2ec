package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// process is one running program of ours.
type process struct {
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

// launch starts the program; its output is added to the log file. The process ends with stop or kill, not with the context.
func launch(ctx context.Context, wg *sync.WaitGroup, program, log string, environ []string, args ...string) (*process, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	p := &process{log: f, done: make(chan struct{})}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), program, args...) //nolint:gosec // our own binary
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = environ, f, f
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	wg.Go(func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is in its log
		_ = f.Close()
	})
	return p, nil
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process at once, as a machine that loses its power does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

const startTimeout = time.Minute

// ready waits for the ready file and reads it.
func (p *process) ready(ctx context.Context, file string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if raw, err := os.ReadFile(file); err == nil {
			return json.Unmarshal(raw, into)
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended before it was ready:\n%s", strings.Join(p.cmd.Args[1:], " "), tail(p.log.Name(), 10))
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready in time: %w", strings.Join(p.cmd.Args[1:], " "), context.Cause(ctx))
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// tail is the end of a log.
func tail(file string, lines int) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
