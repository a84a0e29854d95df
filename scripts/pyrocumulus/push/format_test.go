package push

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/tests/fixtures"
)

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

func plain(t *testing.T, gz []byte) string {
	t.Helper()
	head, err := unpacked(gz)
	require.NoError(t, err)
	return string(head)
}

func TestFormatsAreTold(t *testing.T) {
	gz, err := fixtures.Profiles.ReadFile("cpu-shop_0.pb.gz")
	require.NoError(t, err)
	jfr, err := os.ReadFile("../../../shared/ingest/testdata/jfr/itimer.jfr.gz")
	require.NoError(t, err)
	const speedscope = `{"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": []}, "profiles": []}`
	for _, c := range []struct{ body, format, err string }{
		{body: string(gz), format: "pprof"},
		{body: plain(t, gz), format: "pprof"},
		{body: "\x0a\x04\x08\x01\x10\x02", format: "pprof"},
		{body: "main;work 12\n", format: "folded"},
		{body: "\n  main;a b;work 12 \r\nx 3", format: "folded"},
		{body: packed(t, "main;wörk 12\n"), format: "folded"},
		{body: string(jfr), format: "jfr"},
		{body: plain(t, jfr), format: "jfr"},
		{body: speedscope, format: "speedscope"},
		{body: packed(t, "\n"+speedscope), format: "speedscope"},
		{body: "", err: "it is empty"},
		{body: packed(t, " \n"), err: "it is empty"},
		{body: string(gz[:100]), err: "no whole gzip"},
		{body: "\x1f\x8bnothing", err: "no whole gzip"},
		{body: "hello\n", err: "neither a pprof"},
		{body: "<html>", err: "neither a pprof"},
		{body: `{"version": 1, "flamebearer": {}}`, err: "the page at / shows such files"},
		{body: `{"a": 1}`, err: "neither a pprof"},
	} {
		format, err := detect([]byte(c.body))
		require.Equal(t, c.format, format, "%.40q", c.body)
		if c.err == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.err)
		}
	}
}

func TestRetimedChangesTheTimeOnly(t *testing.T) {
	gz, err := fixtures.Profiles.ReadFile("cpu-shop_0.pb.gz")
	require.NoError(t, err)
	want, err := profile.ParseData(gz)
	require.NoError(t, err)
	at := time.Unix(1_700_000_000, 0)
	require.NotEqual(t, at.UnixNano(), want.TimeNanos)
	want.TimeNanos = at.UnixNano()
	for _, body := range [][]byte{gz, []byte(plain(t, gz))} {
		before := bytes.Clone(body)
		out, err := retimed(body, at)
		require.NoError(t, err)
		require.Equal(t, before, body)
		got, err := profile.ParseData(out)
		require.NoError(t, err)
		require.Equal(t, want.String(), got.String())
	}
}

func TestPatterns(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.pb", "b.pb", "[c].pb", "d.pb/e"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	t.Chdir(dir)
	files, err := expand([]string{"*.pb", "[c].pb", "-", "none"})
	require.NoError(t, err)
	require.Equal(t, []string{"[c].pb", "a.pb", "b.pb", "[c].pb", "-", "none"}, files)
	for want, arg := range map[string]string{"no file matches": "*.txt", "pattern": "[", "is a directory": "d.pb"} {
		_, err := expand([]string{arg})
		require.ErrorContains(t, err, want)
	}
}
