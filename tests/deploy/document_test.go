package deploy

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// document is a Markdown file with commands.
type document struct {
	name   string
	blocks []*block
	inline []string // commands in its text
}

// block is what a document has between ```sh and ```.
type block struct {
	section string // the heading above it
	text    string
	ran     bool
}

var (
	heading = regexp.MustCompile(`^#+ (.*)$`)
	fence   = regexp.MustCompile("^( *)```(\\w*)$")
	span    = regexp.MustCompile("`([^`]+)`")
	command = regexp.MustCompile(`^(make|go|npx|aws|docker|curl|git|eval|export) [\w./@-]`)
)

// read takes a document of the repository apart. Every block of code with a
// language that is not sh is an error, so that no command hides in one.
func read(t testing.TB, name string) *document {
	text, err := os.ReadFile("../../" + name)
	require.NoError(t, err)
	d, section := &document{name: name}, ""
	var open *block
	indent := ""
	for i, line := range strings.Split(string(text), "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && open == nil:
			require.Equal(t, "sh", m[2], "%s:%d", name, i+1)
			open, indent = &block{section: section}, m[1]
		case m != nil:
			d.blocks, open = append(d.blocks, open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case heading.MatchString(line):
			section = heading.FindStringSubmatch(line)[1]
		default:
			for _, s := range span.FindAllStringSubmatch(line, -1) {
				if command.MatchString(s[1]) {
					d.inline = append(d.inline, s[1])
				}
			}
		}
	}
	require.Nil(t, open, "%s: a block has no end", name)
	return d
}

// section returns the blocks below a heading, of which there must be n.
func (d *document) section(t testing.TB, name string, n int) []*block {
	t.Helper()
	var found []*block
	for _, b := range d.blocks {
		if b.section == name {
			found = append(found, b)
		}
	}
	require.Len(t, found, n, "%s has other blocks of commands below %q than this test runs", d.name, name)
	return found
}

// repeats tells whether a block has a command that begins like one in the text.
func (d *document) repeats(text string) bool {
	return slices.ContainsFunc(d.blocks, func(b *block) bool { return strings.Contains("\n"+b.text, "\n"+text) })
}

// left are the blocks that did not run.
func (d *document) left() []string {
	var all []string
	for _, b := range d.blocks {
		if !b.ran {
			all = append(all, fmt.Sprintf("%s, %s:\n%s", d.name, b.section, b.text))
		}
	}
	return all
}

// fill puts values in the place of <names>.
func (b *block) fill(t testing.TB, values map[string]string) string {
	t.Helper()
	return placeholder.ReplaceAllStringFunc(b.text, func(name string) string {
		value := values[name[1:len(name)-1]]
		require.NotEmpty(t, value, "%s has %s, which nothing printed", b.text, name)
		return value
	})
}

var placeholder = regexp.MustCompile(`<[A-Za-z]+>`)
