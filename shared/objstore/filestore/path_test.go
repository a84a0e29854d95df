package filestore

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

func TestObjectPath(t *testing.T) {
	a80, e40 := strings.Repeat("a", 80), strings.Repeat("\u00e9", 40)
	for key, want := range map[string]string{
		"a":                     "a@",
		"a/b":                   "a/b@",
		"t!-_.*'()/blocks/01AR": "t!-_.*'()/blocks/01^a^r@",
		".a/..b/...":            "%2Ea/%2E.b/%2E..@",
		"a b%@/~":               "a%20b%25%40/%7E@",
		"\u00e9":                "%C3%A9@",
		a80[1:]:                 a80[1:] + "@",
		a80:                     a80 + "%+/%@",
		a80 + "/b":              a80 + "%+/%/b@",
		a80 + ".":               a80 + "%+/%2E@",
		a80 + a80 + "b/c":       a80 + "%+/" + a80 + "%+/b/c@",
		e40 + "b":               strings.Repeat("%C3%A9", 40) + "%+/b@",
	} {
		require.Equal(t, want, objectPath(key))
		require.Equal(t, key, keyOf(t, want))
	}
}

// keyOf reads the key back from the path, name by name, as List does.
func keyOf(t *testing.T, path string) string {
	t.Helper()
	base := ""
	names := strings.Split(path, "/")
	for i, name := range names {
		require.LessOrEqual(t, len(name), 255)
		e, ok := parseName(base, name)
		require.True(t, ok, "%q in %q", name, path)
		require.Equal(t, i == len(names)-1, e.object)
		base = e.start
	}
	return base
}

func FuzzObjectPath(f *testing.F) {
	f.Add("a/b")
	f.Add(strings.Repeat("a", 80) + "/.%\u00e9")
	f.Add(strings.Repeat(".", 240))
	f.Fuzz(func(t *testing.T, key string) {
		if objstore.CheckKey(key) != nil {
			return
		}
		path := objectPath(key)
		require.True(t, filepath.IsLocal(path))
		require.Equal(t, path, filepath.Clean(path))
		require.Equal(t, key, keyOf(t, path))
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("a@")
	f.Add("%+")
	f.Add("%2E%+")
	f.Fuzz(func(t *testing.T, name string) {
		e, ok := parseName("", name)
		if !ok {
			return
		}
		// What is taken for a name of ours is the name that we would give.
		switch {
		case e.object:
			require.Equal(t, name, objectPath(e.start))
		case strings.HasSuffix(e.start, "/"):
			require.Equal(t, name+"/", dirPath(e.start))
		default:
			require.Equal(t, name+"/%@", objectPath(e.start))
		}
	})
}
