package bench

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const someInfo = `{"config": {"version": 1, "seed": 7, "start": "2026-11-21T06:00:00Z", "duration": 3600000000000,
	"interval": 15000000000, "services": 2, "pods": 3}, "profiles": 2, "profile_bytes": 9}`

// writeCorpus writes a corpus of two records, but for the last cut bytes.
func writeCorpus(t *testing.T, info string, cut int) (dir string) {
	dir = t.TempDir()
	var b []byte
	for _, r := range []record{{1_000_000, []byte("first")}, {1_000_300, make([]byte, 300)}} {
		b = binary.AppendUvarint(b, 0)
		b = binary.AppendUvarint(b, uint64(r.millis))
		b = append(binary.AppendUvarint(b, uint64(len(r.series))), r.series...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "corpus.json"), []byte(info), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "profiles.bin"), b[:len(b)-cut], 0o600))
	return dir
}

func readAll(t *testing.T, c *corpus) ([]record, error) {
	src, err := c.open()
	require.NoError(t, err)
	defer src.Close()
	var all []record
	for {
		r, err := src.next()
		if err != nil {
			return all, err
		}
		all = append(all, r)
	}
}

func TestStoredCorpus(t *testing.T) {
	c, err := storedCorpus(writeCorpus(t, someInfo, 0))
	require.NoError(t, err)
	start := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	require.Equal(t, "stored, 2 profiles, 2 services x 3 pods, every 15s for 1h0m0s, seed 7", c.name)
	require.Equal(t, []any{2, start, start.Add(time.Hour), 15 * time.Second}, []any{c.profiles, c.start, c.end, c.interval})
	for range 2 { // it can be read again
		records, err := readAll(t, c)
		require.Equal(t, io.EOF, err)
		require.Equal(t, []record{{1_000_000, []byte("first")}, {1_000_300, make([]byte, 300)}}, records)
	}
}

// A corpus that is cut off must not pass for a smaller one.
func TestStoredCorpusThatIsCutOff(t *testing.T) {
	const second = 1 + 3 + 2 + 300 // bytes of the second record
	for _, cut := range []int{1, 299, 300, 301, second - 1} {
		c, err := storedCorpus(writeCorpus(t, someInfo, cut))
		require.NoError(t, err)
		records, err := readAll(t, c)
		require.Len(t, records, 1, "without %d bytes", cut)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "without %d bytes", cut)
	}
}

func TestStoredCorpusThatIsNone(t *testing.T) {
	_, err := storedCorpus(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, info := range []string{"", "{}", `{"config": {"duration": "1h"}}`} {
		_, err := storedCorpus(writeCorpus(t, info, 0))
		require.ErrorContains(t, err, "read corpus.json", info)
	}
}

// Figures of one machine can be compared with those of another only if the
// corpus is the same.
func TestSmallCorpusIsAlwaysTheSame(t *testing.T) {
	c, err := fixtureCorpus(fixturesDir, 2)
	require.NoError(t, err)
	first, err := readAll(t, c)
	require.Equal(t, io.EOF, err)
	require.Len(t, first, c.profiles)
	again, err := readAll(t, c)
	require.Equal(t, io.EOF, err)
	require.Equal(t, first, again)
	require.NotEqual(t, first[0].series, first[c.profiles/2].series, "the same pod and kind, a tick later")
	for i := range first {
		require.GreaterOrEqual(t, first[i].millis, c.start.UnixMilli())
		require.Less(t, first[i].millis, c.end.UnixMilli())
		require.True(t, i == 0 || first[i-1].millis <= first[i].millis, "not in the order of time")
	}
}
