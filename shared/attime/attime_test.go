package attime_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/attime"
)

var now = time.Date(2026, 9, 14, 12, 30, 0, 123456789, time.UTC)

func TestParse(t *testing.T) {
	for in, want := range map[string]time.Time{
		"1700000000":          time.Unix(1700000000, 0),
		"0":                   time.Unix(0, 0),
		"1700000000123":       time.UnixMilli(1700000000123),
		"1700000000123456":    time.UnixMicro(1700000000123456),
		"1700000000123456789": time.Unix(0, 1700000000123456789),
		"20231114":            time.Date(2023, 11, 14, 0, 0, 0, 0, time.UTC),
		"20231399":            time.Unix(20231399, 0), // no such date
		"now":                 now,
		"now-1h":              now.Add(-time.Hour),
		"-1h":                 now.Add(-time.Hour),
		"now+10min":           now.Add(10 * time.Minute),
		"now-90s":             now.Add(-90 * time.Second),
		"now-5minutes":        now.Add(-5 * time.Minute),
		"now-5m":              now.Add(-5 * time.Minute),
		"now-2d12h":           now.Add(-60 * time.Hour),
		"now-1h+30min":        now.Add(-30 * time.Minute),
		"now-1w":              now.Add(-7 * 24 * time.Hour),
		"now-2mon":            now.Add(-60 * 24 * time.Hour),
		"now-1y":              now.Add(-365 * 24 * time.Hour),
		"NOW - 1 Hour":        now.Add(-time.Hour),
	} {
		got, err := attime.Parse(in, now)
		require.NoError(t, err, in)
		require.True(t, want.Equal(got), "%q: want %v, got %v", in, want, got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{
		"", " ", "yesterday", "now1h", "now-", "now-h", "now-1", "now-1x", "now-1h-", "12:00", "1e9", "-", "--1h",
		"99999999999999999999", "9999999999999999999", "999999999999999", "now-9999999999y", "now-50y50y", "١٧",
	} {
		_, err := attime.Parse(in, now)
		require.ErrorIs(t, err, attime.ErrSyntax, "%q", in)
	}
}

func TestUnixNano(t *testing.T) {
	require.Equal(t, now.UnixNano(), attime.UnixNano(now))
	require.Equal(t, int64(math.MaxInt64), attime.UnixNano(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
	require.Equal(t, int64(math.MinInt64), attime.UnixNano(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"now-1h", "1700000000", "20231114", "now-2d12h+3s", "1700000000123456789", "now-\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := attime.Parse(s, now)
		if err != nil {
			require.ErrorIs(t, err, attime.ErrSyntax)
			return
		}
		require.GreaterOrEqual(t, got.Year(), 0)
		require.LessOrEqual(t, got.Year(), 9999)
		// The time of a digit string is the same whatever the time is now.
		again, err := attime.Parse(s, now.Add(time.Hour))
		require.NoError(t, err)
		require.Contains(t, []time.Duration{0, time.Hour}, again.Sub(got))
	})
}
