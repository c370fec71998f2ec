package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// journal appends changes to a file, one JSON line each. A line is handed to the operating system
// whole before the change takes effect, so a killed process loses nothing it has answered for. Without
// a file it remembers only the clock's offset.
type journal struct {
	file   *os.File
	offset time.Duration // of the clock, as last written
}

func (j *journal) write(c change) error {
	if j.file == nil {
		return nil
	}
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// openJournal reads what happened before and readies the file for more. The first line fixes the
// base day and the seed; it is written when there is none. A torn last line is cut off.
func (p *Platform) openJournal() ([]change, error) {
	p.journal = &journal{}
	if p.Journal == "" {
		return []change{}, nil
	}
	file, err := os.OpenFile(p.Journal, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	past, whole, err := readJournal(file)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("journal %s: %w", p.Journal, err)
	}
	if err := file.Truncate(whole); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("journal: %w", err)
	}
	if _, err := file.Seek(whole, io.SeekStart); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("journal: %w", err)
	}
	p.journal.file = file
	if len(past) == 0 {
		return nil, p.journal.write(change{At: p.base, Do: doBegin, Seed: p.Seed})
	}
	if past[0].Do != doBegin {
		_ = file.Close()
		return nil, fmt.Errorf("journal %s: does not begin with %q", p.Journal, doBegin)
	}
	p.base, p.Seed = past[0].At, past[0].Seed
	return past[1:], nil
}

// readJournal returns the changes and the length of the part that is whole.
func readJournal(r io.Reader) (past []change, whole int64, err error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, err
	}
	for n := 1; len(data) > 0; n++ {
		line, rest, ended := bytes.Cut(data, []byte{'\n'})
		if !ended {
			break // torn
		}
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			if len(rest) == 0 {
				break // torn
			}
			return nil, 0, fmt.Errorf("line %d: %w", n, err)
		}
		past = append(past, c)
		whole += int64(len(line)) + 1
		data = rest
	}
	return past, whole, nil
}
