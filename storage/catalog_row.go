package storage

import (
	"fmt"
	"reflect"

	"github.com/klauspost/compress/zstd"

	"guichet/domain/catalog"
)

// snapshotFormat is the number of the shape that snapshots are stored in: the exported members of catalog.Snapshot, packed
// (packer), compressed. It rises with every change of a member (a test holds the shape against the number): a snapshot of
// another format is as good as none, and the next refresh loads the catalog anew.
const snapshotFormat = 3

// largestSnapshot bounds what a stored snapshot may grow to when it is read, in bytes.
const largestSnapshot = 1 << 30

// encodeSnapshot writes a snapshot, compressed. What Index derives is not written.
func encodeSnapshot(s *catalog.Snapshot) ([]byte, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("compress snapshot: %w", err)
	}
	return z.EncodeAll(pack(reflect.ValueOf(s).Elem()), nil), z.Close()
}

// decodeSnapshot reads what encodeSnapshot wrote, and indexes it. What was equal shares its memory.
func decodeSnapshot(content []byte, version int64) (*catalog.Snapshot, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(largestSnapshot))
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer z.Close()
	packed, err := z.DecodeAll(content, nil)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	s := &catalog.Snapshot{}
	if err := unpack(packed, reflect.ValueOf(s).Elem()); err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	s.Version = version
	s.Index()
	return s, nil
}
