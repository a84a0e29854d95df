package folded_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/folded"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks/stackstest"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

type parse func(body []byte, b *stacks.Builder) error

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name       string
		parse      parse
		body, want string
	}{
		{"empty", folded.Groups, "", ""},
		{"one", folded.Groups, "a;b;c 12", "a;b;c 12\n"},
		{"several", folded.Groups, "a;b 1\na;c 2\n\na;b 3\n", "a;b 4\na;c 2\n"},
		{"carriage returns", folded.Groups, "a;b 1\r\na;c 2\r\n", "a;b 1\na;c 2\n"},
		{"spaces in frames", folded.Groups, "java.lang.Thread run;operator new [] 7", "java.lang.Thread run;operator new [] 7\n"},
		{"empty frames", folded.Groups, ";a;;b; 1", "a;b 1\n"},
		{"no frames", folded.Groups, " ; 1\n", ""},
		{"zeros and negatives", folded.Groups, "a 0\nb -1\nc 1", "c 1\n"},
		{"tabs in frames stay", folded.Groups, "a\tb 1", "a\tb 1\n"},
		{"lines", folded.Lines, "a;b\na;b\na;c\n\n", "a;b 2\na;c 1\n"},
		{"lines that end with numbers", folded.Lines, "a;b 12\n", "a;b 12 1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := stacks.NewBuilder(pprof.DefaultLimits())
			require.NoError(t, c.parse([]byte(c.body), b))
			require.Equal(t, c.want, stackstest.Folded(b))
		})
	}
}

func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		name       string
		parse      parse
		body, want string
	}{
		{"no count", folded.Groups, "a;b 1\na;b", "line 2: no space"},
		{"word for a count", folded.Groups, "a;b c", "line 1: the count is not a whole number"},
		{"fraction", folded.Groups, "a;b 1.5", "not a whole number"},
		{"count too large", folded.Groups, "a;b 9223372036854775808", "not a whole number"},
		{"count much too long", folded.Groups, "a;b " + strings.Repeat("0", 1000), "not a whole number"},
		{"binary", folded.Groups, "\x1f\x8b\x08\x00 1", "line 1 is not text"},
		{"binary lines", folded.Lines, "a\nb\x00c", "line 2 is not text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.parse([]byte(c.body), stacks.NewBuilder(pprof.DefaultLimits()))
			require.ErrorIs(t, err, folded.ErrSyntax)
			require.ErrorContains(t, err, c.want)
		})
	}
	err := folded.Lines([]byte("a\nb\n"), stacks.NewBuilder(pprof.Limits{MaxSamples: 1}))
	require.ErrorIs(t, err, pprof.ErrTooLarge)
	require.NotErrorIs(t, err, folded.ErrSyntax)
}

// FuzzGroups checks that what is read can be written, read again, and is the
// same.
func FuzzGroups(f *testing.F) {
	for _, s := range []string{"a;b;c 12\na;b 1", "a 0", ";; 3\r\n", "a b;c 1 2", "\x00 1", "a 9223372036854775807\na 1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := stacks.NewBuilder(pprof.Limits{MaxSamples: 100, MaxBytes: 10000, MaxStackDepth: 5})
		_ = folded.Lines(body, stacks.NewBuilder(pprof.DefaultLimits()))
		if folded.Groups(body, b) != nil {
			return
		}
		text := stackstest.Folded(b)
		again := stacks.NewBuilder(pprof.DefaultLimits())
		require.NoError(t, folded.Groups([]byte(text), again))
		require.Equal(t, text, stackstest.Folded(again))
	})
}
