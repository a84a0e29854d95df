package relabel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/relabel"
)

// The cases are those of Prometheus' own documentation and semantics.
func TestApply(t *testing.T) {
	in := profile.NewLabels("__name__", "memory", "a", "foo", "b", "Bar", "pod_x", "1", "service_name", "api")
	for _, c := range []struct {
		name, rules string
		want        profile.Labels // nil: dropped
	}{
		{"none", ``, in},
		{"empty list", `[]`, in},
		{"replace", `[{"source_labels":["a"],"regex":"f(.*)","target_label":"d","replacement":"ch$1-ch$1"}]`, in.With("d", "choo-choo")},
		{"replace by default copies", `[{"source_labels":["a","b"],"target_label":"d"}]`, in.With("d", "foo;Bar")},
		{"separator", `[{"source_labels":["a","none","b"],"separator":"/","target_label":"d"}]`, in.With("d", "foo//Bar")},
		{"constant", `[{"target_label":"d","replacement":"x"}]`, in.With("d", "x")},
		{"no match", `[{"source_labels":["a"],"regex":"fo","target_label":"d","replacement":"x"}]`, in},
		{"several alternatives are anchored, too", `[{"source_labels":["a"],"regex":"f|o","target_label":"d","replacement":"x"}]`, in},
		{"named group", `[{"source_labels":["a"],"regex":"(?P<head>.)oo","target_label":"d","replacement":"${head}1"}]`, in.With("d", "f1")},
		{"target from a group", `[{"source_labels":["a"],"regex":"(f)oo","target_label":"${1}_x","replacement":"y"}]`, in.With("f_x", "y")},
		{"target that vanishes", `[{"source_labels":["a"],"regex":"(foo)","target_label":"$2","replacement":"y"}]`, in},
		{"empty value takes away", `[{"source_labels":["a"],"target_label":"b","replacement":""}]`, in.Without("b")},
		{"one after the other", `[{"source_labels":["a"],"target_label":"c"},{"source_labels":["c"],"target_label":"d"}]`, in.With("c", "foo").With("d", "foo")},
		{"keep", `[{"source_labels":["a"],"regex":"f.*","action":"keep"}]`, in},
		{"keep not", `[{"source_labels":["a"],"regex":"x.*","action":"keep"}]`, nil},
		{"drop", `[{"source_labels":["a"],"regex":"f.*","action":"drop"}]`, nil},
		{"drop not", `[{"source_labels":["a"],"regex":"f","action":"Drop"}]`, in},
		{"drop of what is missing", `[{"source_labels":["none"],"regex":"","action":"drop"}]`, nil},
		{"keepequal", `[{"source_labels":["a"],"target_label":"b","action":"keepequal"}]`, nil},
		{"dropequal", `[{"source_labels":["a"],"target_label":"b","action":"dropequal"}]`, in},
		{"dropequal of equals", `[{"source_labels":["a"],"target_label":"a","action":"dropequal"}]`, nil},
		{"lowercase", `[{"source_labels":["b"],"target_label":"b","action":"lowercase"}]`, in.With("b", "bar")},
		{"uppercase", `[{"source_labels":["b"],"target_label":"B","action":"uppercase"}]`, in.With("B", "BAR")},
		{"labelmap", `[{"regex":"pod_(.+)","replacement":"k8s_$1","action":"labelmap"}]`, in.With("k8s_x", "1")},
		{"labeldrop", `[{"regex":"pod_.*|a","action":"labeldrop"}]`, in.Without("pod_x", "a")},
		{"labelkeep", `[{"regex":"__name__|service_name","action":"labelkeep"}]`, profile.NewLabels("__name__", "memory", "service_name", "api")},
	} {
		rules, err := relabel.Parse(c.rules)
		require.NoError(t, err, c.name)
		before := slices.Clone(in)
		got, kept := rules.Apply(in)
		require.Equal(t, c.want != nil, kept, c.name)
		require.Equal(t, c.want, got, c.name)
		require.Equal(t, before, in, c.name)
	}
}

// As computed by `printf foo | md5sum`: acbd18db4cc2f85c edef654fccc4a4d8, of
// which Prometheus takes the second half.
func TestHashmod(t *testing.T) {
	const half = uint64(0xedef654fccc4a4d8)
	for _, modulus := range []uint64{1, 7, 1000, 1 << 63} {
		rules, err := relabel.Parse(fmt.Sprintf(`[{"source_labels":["a"],"target_label":"h","modulus":%d,"action":"hashmod"}]`, modulus))
		require.NoError(t, err)
		got, kept := rules.Apply(profile.NewLabels("a", "foo"))
		require.True(t, kept)
		require.Equal(t, fmt.Sprint(half%modulus), got.Get("h"), modulus)
	}
}

func TestBadRules(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                     "not a JSON list",
		`[{"regexp":"a"}]`:       `unknown field "regexp"`,
		`[] []`:                  "there is more",
		`[{"action":"explode"}]`: `rule 1: unknown action "explode"`,
		`[{"action":"drop","regex":"a"},{"regex":"("}]`:                                 "rule 2: regex: ",
		`[{"action":"replace"}]`:                                                        "replace needs a target_label",
		`[{"action":"hashmod","target_label":"a"}]`:                                     "needs a modulus",
		`[{"action":"labeldrop","source_labels":["a"],"regex":"a"}]`:                    "a regex and nothing else",
		`[{"action":"drop","regex":"` + strings.Repeat("a", 16<<10) + `"}]`:             "more than 16384",
		`[{"action":"drop"}` + strings.Repeat(`,{"action":"drop"}`, 100) + `]`:          "101 rules, more than 100",
		`[{"action":"keep","regex":"((((a{100}){100}){100}){100}","source_labels":[]}]`: "regex",
	} {
		_, err := relabel.Parse(text)
		require.ErrorIs(t, err, relabel.ErrRules, text)
		require.ErrorContains(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`[{"source_labels":["a"],"regex":"f(.*)","target_label":"d","replacement":"ch$1"}]`, "foo")
	f.Add(`[{"regex":"a(.)","action":"labelmap","replacement":"$1"},{"regex":"b","action":"labeldrop"}]`, "x")
	f.Add(`[{"source_labels":["a"],"target_label":"h","modulus":7,"action":"hashmod"}]`, "y")
	f.Fuzz(func(t *testing.T, text, value string) {
		rules, err := relabel.Parse(text)
		if err != nil {
			require.ErrorIs(t, err, relabel.ErrRules)
			return
		}
		got, _ := rules.Apply(profile.NewLabels("a", value, "ab", "2", "b", "3"))
		for i, l := range got {
			require.NotEmpty(t, l.Name)
			require.True(t, i == 0 || got[i-1].Name < l.Name, "sorted, each once")
		}
	})
}
