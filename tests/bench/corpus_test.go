package bench

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// record is one push of one profile.
type record struct {
	millis int64  // when it was taken, Unix milliseconds
	series []byte // push.v1.RawProfileSeries, encoded, with one sample
}

// source is a stream of records in the order of their time; it ends with
// io.EOF.
type source interface {
	next() (record, error)
	io.Closer
}

// corpus is profiles that a fleet pushes over some time.
type corpus struct {
	name       string // for people
	profiles   int
	start, end time.Time
	interval   time.Duration // between two profiles of a pod and kind
	open       func() (source, error)
}

// storedCorpus opens a stored corpus: a directory with corpus.json, which says
// what it is, and profiles.bin. That has, for each record, three unsigned
// varints (tenant, Unix milliseconds, bytes) and then so many bytes: a
// push.v1.RawProfileSeries with one gzipped pprof.
func storedCorpus(dir string) (*corpus, error) {
	var info struct {
		Config struct {
			Seed               uint64
			Start              time.Time
			Duration, Interval time.Duration
			Services, Pods     int
		}
		Profiles int
	}
	b, err := os.ReadFile(filepath.Join(dir, "corpus.json"))
	if err != nil {
		return nil, fmt.Errorf("open corpus: %w", err)
	}
	if err := json.Unmarshal(b, &info); err != nil {
		return nil, fmt.Errorf("read corpus.json: %w", err)
	}
	c := info.Config
	if c.Duration <= 0 || c.Interval <= 0 {
		return nil, errors.New("read corpus.json: it has no duration or interval")
	}
	return &corpus{
		name: fmt.Sprintf("stored, %d profiles, %d services x %d pods, every %v for %v, seed %d",
			info.Profiles, c.Services, c.Pods, c.Interval, c.Duration, c.Seed),
		profiles: info.Profiles, start: c.Start, end: c.Start.Add(c.Duration), interval: c.Interval,
		open: func() (source, error) {
			f, err := os.Open(filepath.Join(dir, "profiles.bin"))
			if err != nil {
				return nil, fmt.Errorf("open corpus: %w", err)
			}
			return &recordReader{r: bufio.NewReaderSize(f, 1<<20), Closer: f}, nil
		},
	}, nil
}

// recordReader reads profiles.bin.
type recordReader struct {
	r *bufio.Reader
	io.Closer
}

// maxRecord is more than any record has, in bytes.
const maxRecord = 64 << 20

func (s *recordReader) next() (record, error) {
	if _, err := binary.ReadUvarint(s.r); err != nil { // tenant
		return record{}, err // io.EOF at the end
	}
	millis, err := binary.ReadUvarint(s.r)
	if err != nil {
		return record{}, noEOF(err)
	}
	size, err := binary.ReadUvarint(s.r)
	if err != nil {
		return record{}, noEOF(err)
	}
	if size > maxRecord {
		return record{}, fmt.Errorf("read corpus: a record of %d bytes", size)
	}
	out := record{millis: int64(millis), series: make([]byte, size)}
	if _, err := io.ReadFull(s.r, out.series); err != nil {
		return record{}, noEOF(err)
	}
	return out, nil
}

// noEOF keeps the end of the file within a record from looking like the end of
// the corpus.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read corpus: %w", err)
}
