package storage

import (
	"bytes"
	"encoding/gob"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"guichet/domain/catalog"
)

// snapshotFormat is the number of the shape that snapshots are stored in: the exported members of catalog.Snapshot, as gob,
// compressed. It rises with every change of a member (a test holds the shape against the number): a snapshot of another
// format is as good as none, and the next refresh loads the catalog anew.
const snapshotFormat = 2

// encodeSnapshot writes a snapshot, compressed. What Index derives is not written.
func encodeSnapshot(s *catalog.Snapshot) ([]byte, error) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compress snapshot: %w", err)
	}
	if err := gob.NewEncoder(z).Encode(s); err != nil {
		return nil, fmt.Errorf("write snapshot: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress snapshot: %w", err)
	}
	return b.Bytes(), nil
}

// decodeSnapshot reads what encodeSnapshot wrote, and indexes it.
func decodeSnapshot(content []byte, version int64) (*catalog.Snapshot, error) {
	z, err := zstd.NewReader(bytes.NewReader(content), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer z.Close()
	s := &catalog.Snapshot{}
	if err := gob.NewDecoder(z).Decode(s); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	s.Version = version
	s.Index()
	return s, nil
}
