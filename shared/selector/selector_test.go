package selector_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

func parse(t testing.TB, in string) selector.Selector {
	t.Helper()
	s, err := selector.Parse(in)
	require.NoError(t, err, in)
	return s
}

func TestSelectorMatches(t *testing.T) {
	labels := profile.NewLabels("__name__", "process_cpu", "service_name", "checkout", "namespace", "prod", "a.b", "x\ny")
	for in, want := range map[string]bool{
		`{}`:                                     true,
		`process_cpu`:                            true,
		`memory`:                                 false,
		`{"process_cpu", namespace="prod"}`:      true,
		`{service_name="checkout"}`:              true,
		`{service_name="check"}`:                 false,
		`{service_name!="check"}`:                true,
		`{service_name=~"check"}`:                false,
		`{service_name=~"check.*"}`:              true,
		`{service_name=~".*out"}`:                true,
		`{service_name=~".+checkout"}`:           false,
		`{service_name=~"checkout.+"}`:           false,
		`{service_name=~".*ecko.*"}`:             true,
		`{service_name=~"cart|checkout"}`:        true,
		`{service_name=~"(cart|checkout)"}`:      true,
		`{service_name!~"cart|checkout"}`:        false,
		`{service_name=~"^checkout$"}`:           true,
		`{service_name=~"(?i)CheckOut"}`:         true,
		`{service_name=~"CheckOut"}`:             false,
		`{namespace=~"p[a-z]{3}"}`:               true,
		`{namespace=~"p[a-z]{2}"}`:               false,
		`{namespace="prod",service_name="cart"}`: false,
		`{"a.b"=~"x.y"}`:                         true, // dots match newlines
		`{"a.b"=~"x.*"}`:                         true,
		`{missing=""}`:                           true,
		`{missing!=""}`:                          false,
		`{missing=~".*"}`:                        true,
		`{missing=~".+"}`:                        false,
		`{missing!~".+"}`:                        true,
		`{missing=~"a|"}`:                        true,
		`{missing!="x"}`:                         true,
		`{missing=~"x"}`:                         false,
		`{namespace=""}`:                         false,
	} {
		require.Equal(t, want, parse(t, in).Matches(labels), in)
	}
}

func TestMatchesLabelLooksAtOneLabel(t *testing.T) {
	s := parse(t, `{service_name=~"a.*", service_name!="ab", namespace="prod"}`)
	require.True(t, s.MatchesLabel("service_name", "ac"))
	require.False(t, s.MatchesLabel("service_name", "ab"))
	require.False(t, s.MatchesLabel("service_name", "b"))
	require.True(t, s.MatchesLabel("other", "anything"))
	require.False(t, s.MatchesLabel("namespace", ""))
	require.True(t, selector.Selector(nil).MatchesLabel("service_name", "x"))
}

func TestValues(t *testing.T) {
	for in, want := range map[string][]string{
		`{}`:                            nil,
		`{a!="x"}`:                      nil,
		`{a=~"x.*"}`:                    nil,
		`{a!~"x|y"}`:                    nil,
		`{b="x"}`:                       nil,
		`{a="x"}`:                       {"x"},
		`{a=~"y|x|x\\.z"}`:              {"x", "x.z", "y"},
		`{a=~"x|y",a!="y"}`:             {"x"},
		`{a=~"x|y|z",a=~"y|q"}`:         {"y"},
		`{a=~"x|yy|z",a=~".*y"}`:        {"yy"},
		`{a="x",a="y"}`:                 {},
		`{a=""}`:                        {""},
		`{a=~"x", c=~"nothing.*|here"}`: {"x"},
	} {
		values, bounded := parse(t, in).Values("a")
		require.Equal(t, want != nil, bounded, in)
		require.Equal(t, want, values, in)
	}
}

func TestNewMatcher(t *testing.T) {
	m, err := selector.NewMatcher("a.b", selector.NotMatch, "x.*")
	require.NoError(t, err)
	require.False(t, m.Matches("xy"))
	require.True(t, m.Matches("y"))
	require.Equal(t, `"a.b"!~"x.*"`, m.String())

	literal := selector.Matcher{Name: "a", Op: selector.Match, Value: "x.?"}
	require.True(t, literal.Matches("xy"))
	require.False(t, literal.Matches("xyz"))

	for _, bad := range []selector.Matcher{{Name: ""}, {Name: "\xff"}, {Name: "a", Op: 9}, {Name: "a", Op: selector.Match, Value: "("}} {
		_, err := selector.NewMatcher(bad.Name, bad.Op, bad.Value)
		require.Error(t, err, "%v", bad)
	}
}

// Whatever way a pattern is decided, the answer is that of the anchored
// expression.
func TestRegularExpressionsEqualAnchoredPrograms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	atoms := []string{"a", "b", "ab", ".", ".*", ".+", "|", "(a|b)", "(", ")", "[ab]", "a?", `\.`, "^", "$", "(?i)A", `\n`, "a{2}", `\Qa.b\E`, "é", "(?m)^a$", `\b`, `\-`}
	pieces := []string{"a", "b", "A", ".", "\n", "é", "-", "\xff", ""}
	compiled := 0
	for range 20_000 {
		var expr strings.Builder
		for range 1 + rng.IntN(5) {
			expr.WriteString(atoms[rng.IntN(len(atoms))])
		}
		if _, err := regexp.Compile(expr.String()); err != nil {
			_, err := selector.NewMatcher("x", selector.Match, expr.String())
			require.Error(t, err, expr.String())
			continue
		}
		want := regexp.MustCompile(`^(?s:` + expr.String() + `)$`)
		m, err := selector.NewMatcher("x", selector.Match, expr.String())
		require.NoError(t, err, expr.String())
		compiled++
		for range 10 {
			var value strings.Builder
			for range rng.IntN(5) {
				value.WriteString(pieces[rng.IntN(len(pieces))])
			}
			require.Equal(t, want.MatchString(value.String()), m.Matches(value.String()), "%q on %q", expr.String(), value.String())
		}
	}
	require.Greater(t, compiled, 5_000)
}

func TestQuotingStaysInside(t *testing.T) {
	m, err := selector.NewMatcher("x", selector.Match, `.?\Qa.b`)
	require.NoError(t, err)
	require.True(t, m.Matches("a.b"))
	require.False(t, m.Matches("a.b)$"))
	require.False(t, m.Matches("axb"))
}

func BenchmarkMatches(b *testing.B) {
	labels := profile.NewLabels("__name__", "process_cpu", "namespace", "prod", "service_name", "checkout", "pod", "checkout-5d8f-abcde")
	for name, in := range map[string]string{
		"equal": `{service_name="checkout"}`, "literals": `{service_name=~"a|b|checkout"}`, "prefix": `{pod=~"checkout-.*"}`, "program": `{pod=~"checkout-[a-f0-9]+-.*"}`,
	} {
		s := parse(b, in)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !s.Matches(labels) {
					b.Fatal("no match")
				}
			}
		})
	}
}
