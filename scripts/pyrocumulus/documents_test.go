package main

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

// mention is where a text tells to run a command: in code or behind "go run".
var mention = regexp.MustCompile("(?:`|^ *|\\$ |go run \\./scripts/)pyrocumulus ([a-z][^`\\n]*)")

// Whatever documents and messages tell to run is a command with these flags.
func TestDocumentsNameCommandsThatExist(t *testing.T) {
	env := &command.Env{Stderr: io.Discard, Lookup: func(string) (string, bool) { return "", false }}
	found := make(map[string]int)
	root := os.DirFS("../..")
	require.NoError(t, fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "dist"):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		switch filepath.Ext(name) {
		case ".md", ".go", ".yml", ".yaml":
		default:
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		for _, m := range mention.FindAllStringSubmatch(string(text), -1) {
			if err := program().Check(env, words(m[1])); err != nil {
				t.Errorf("%s says %q: %v", name, m[1], err)
			}
			found[filepath.Base(name)]++
		}
		return nil
	}))
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "outputs.go", "main.go"} {
		require.Positive(t, found[name], "%s names none: is it still looked at?", name)
	}
}

// words takes a line apart as a shell does, up to a comment, a pipe or the end of a
// string of Go.
func words(line string) (out []string) {
	line = regexp.MustCompile(`<(\w+)>|"\+([\w.*]+)\(\)\+"`).ReplaceAllString(line, "$1$2")
	line = regexp.MustCompile(`\\n.*|"[;,)+ ].*| #.*|[|<>;].*`).ReplaceAllString(line, "")
	quoted := regexp.MustCompile(`'([^']*)'|[^\s']+`)
	for _, m := range quoted.FindAllStringSubmatch(line, -1) {
		out = append(out, cmp.Or(m[1], strings.Trim(m[0], "'")))
	}
	return out
}
