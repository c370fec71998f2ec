package migrations

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed *.sql
var files embed.FS

// Migration is one numbered file.
type Migration struct {
	Version  int64
	Name     string // the file's name, "0001_catalog.sql"
	Checksum string // hex SHA-256 of the file, line ends normalised to "\n"
}

// Files is the embedded folder of SQL files.
func Files() fs.FS { return files }

// List reads the migrations of a folder in order of their number. It refuses a name without a number and a number that
// stands twice. Numbers may be left out: work that goes on side by side is given numbers in advance.
func List(folder fs.FS) ([]Migration, error) {
	names, err := fs.Glob(folder, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	list := make([]Migration, 0, len(names))
	last := int64(0)
	for _, name := range names { // Glob sorts them
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read migration: %w", err)
		}
		number, _, found := strings.Cut(name, "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil || !found || len(number) != 4 {
			return nil, fmt.Errorf("migration %s: the name must begin with four digits and an underscore", name)
		}
		if version <= last {
			return nil, fmt.Errorf("migration %s: the number must be above %04d", name, last)
		}
		last = version
		sum := sha256.Sum256([]byte(strings.ReplaceAll(string(content), "\r\n", "\n")))
		list = append(list, Migration{Version: version, Name: name, Checksum: hex.EncodeToString(sum[:])})
	}
	return list, nil
}
