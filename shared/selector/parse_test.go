package selector_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

func TestParse(t *testing.T) {
	type m = selector.Matcher
	const eq, ne, re, nre = selector.Equal, selector.NotEqual, selector.Match, selector.NotMatch
	for in, want := range map[string][]m{
		`{}`:                                    {},
		" {\t\n} ":                              {},
		`{a="b"}`:                               {{Name: "a", Op: eq, Value: "b"}},
		`{a="b",}`:                              {{Name: "a", Op: eq, Value: "b"}},
		`{ a = "b" , c != "d" , }`:              {{Name: "a", Op: eq, Value: "b"}, {Name: "c", Op: ne, Value: "d"}},
		`{a=~"b.*",c!~"d|e"}`:                   {{Name: "a", Op: re, Value: "b.*"}, {Name: "c", Op: nre, Value: "d|e"}},
		`{a="1",a!="2"}`:                        {{Name: "a", Op: eq, Value: "1"}, {Name: "a", Op: ne, Value: "2"}},
		`{"a.b"="x"}`:                           {{Name: "a.b", Op: eq, Value: "x"}},
		`{'ü-ber'=~"x"}`:                        {{Name: "ü-ber", Op: re, Value: "x"}},
		"{`a\\b`!=`c\\d\n`}":                    {{Name: `a\b`, Op: ne, Value: "c\\d\n"}},
		`process_cpu`:                           {{Name: "__name__", Op: eq, Value: "process_cpu"}},
		"\nprocess_cpu # all\n":                 {{Name: "__name__", Op: eq, Value: "process_cpu"}},
		`process_cpu {}`:                        {{Name: "__name__", Op: eq, Value: "process_cpu"}},
		`cpu:rate5m{a="b"}`:                     {{Name: "__name__", Op: eq, Value: "cpu:rate5m"}, {Name: "a", Op: eq, Value: "b"}},
		`{"process_cpu"}`:                       {{Name: "__name__", Op: eq, Value: "process_cpu"}},
		`{"process.cpu", a="b"}`:                {{Name: "__name__", Op: eq, Value: "process.cpu"}, {Name: "a", Op: eq, Value: "b"}},
		`{a="b", "m",}`:                         {{Name: "a", Op: eq, Value: "b"}, {Name: "__name__", Op: eq, Value: "m"}},
		`{by="x",on="y"}`:                       {{Name: "by", Op: eq, Value: "x"}, {Name: "on", Op: eq, Value: "y"}},
		"{\n  # the service\n  a=\"b\", # c\n}": {{Name: "a", Op: eq, Value: "b"}},
		`{a="\a\b\f\n\r\t\v\\\""}`:              {{Name: "a", Op: eq, Value: "\a\b\f\n\r\t\v\\\""}},
		`{a='"\'',b="'"}`:                       {{Name: "a", Op: eq, Value: `"'`}, {Name: "b", Op: eq, Value: "'"}},
		`{a="\x41\102\u00e9\U0001F525é"}`:       {{Name: "a", Op: eq, Value: "ABé🔥é"}},
		`{a="\xff\377"}`:                        {{Name: "a", Op: eq, Value: "\xff\xff"}},
		`{a=""}`:                                {{Name: "a", Op: eq, Value: ""}},
		`{a="}",b=","}`:                         {{Name: "a", Op: eq, Value: "}"}, {Name: "b", Op: eq, Value: ","}},
	} {
		t.Run(in, func(t *testing.T) {
			got, err := selector.Parse(in)
			require.NoError(t, err)
			require.True(t, got.Equal(want), "%v", got)
			again, err := selector.Parse(got.String())
			require.NoError(t, err, got.String())
			require.True(t, again.Equal(got), got.String())
		})
	}
}

func TestParseErrors(t *testing.T) {
	for in, want := range map[string]string{
		``:                      `1:1: parse error: unexpected end of input, expected a metric name or "{"`,
		"  # nothing\n ":        `2:2: parse error: unexpected end of input, expected a metric name or "{"`,
		`"a"`:                   `1:1: parse error: unexpected "\"", expected a metric name or "{"`,
		`0a`:                    `1:1: parse error: unexpected "0", expected a metric name or "{"`,
		`process.cpu{a="b"}`:    `1:8: parse error: unexpected ".", expected "{" or the end of the selector`,
		`{`:                     `1:2: parse error: unexpected end of input, expected a label name or "}"`,
		`{,}`:                   `1:2: parse error: unexpected ",", expected a label name or "}"`,
		`{a="b",,}`:             `1:8: parse error: unexpected ",", expected a label name or "}"`,
		`{a.b="x"}`:             `1:3: parse error: unexpected ".", expected a label matching operator (=, !=, =~, !~)`,
		`{a:b="x"}`:             `1:3: parse error: unexpected ":b", expected a label matching operator (=, !=, =~, !~)`,
		`{a}`:                   `1:3: parse error: unexpected "}", expected a label matching operator (=, !=, =~, !~)`,
		`{"a" b}`:               `1:6: parse error: unexpected "b", expected a label matching operator (=, !=, =~, !~), "," or "}"`,
		`{a>"b"}`:               `1:3: parse error: unexpected ">", expected a label matching operator (=, !=, =~, !~)`,
		`{a=b}`:                 `1:4: parse error: unexpected "b", expected a quoted label value`,
		`{a=="b"}`:              `1:4: parse error: unexpected "=", expected a quoted label value`,
		`{a="b" c="d"}`:         `1:8: parse error: unexpected "c", expected "," or "}"`,
		`{a="b"`:                `1:7: parse error: unexpected end of input, expected "," or "}"`,
		`{a="b"}x`:              `1:8: parse error: unexpected "x", expected the end of the selector`,
		`{a="b"}[5m]`:           `1:8: parse error: unexpected "[", expected the end of the selector`,
		"{\n  a=\"b\",\n  é=1}": `3:3: parse error: unexpected "é", expected a label name or "}"`,
		"\xff":                  `1:1: parse error: unexpected byte 0xff, expected a metric name or "{"`,
		`{a="b}`:                `1:4: parse error: unterminated quoted string`,
		"{a=\"b\n\"}":           `1:4: parse error: unterminated quoted string`,
		"{a=`b}":                `1:4: parse error: unterminated quoted string`,
		`{a="b\`:                `1:4: parse error: unterminated quoted string`,
		`{a="b\q"}`:             `1:6: parse error: unknown escape sequence`,
		`{a="\'"}`:              `1:5: parse error: unknown escape sequence`,
		`{a="\400"}`:            `1:5: parse error: unknown escape sequence`,
		`{a="\08"}`:             `1:5: parse error: unknown escape sequence`,
		"{a=\"\\x\x11\x11\"}":   `1:5: parse error: unknown escape sequence`,
		`{a="\ud800"}`:          `1:5: parse error: unknown escape sequence`,
		`{a="\UFFFFFFFF"}`:      `1:5: parse error: unknown escape sequence`,
		"{a=\"b\xff\"}":         `1:6: parse error: invalid UTF-8`,
		"{a=`\xff`}":            `1:5: parse error: invalid UTF-8`,
		`{""="b"}`:              `1:2: parse error: a name must not be empty`,
		`{""}`:                  `1:2: parse error: a name must not be empty`,
		`{"\xff"="b"}`:          `1:9: parse error: "\xff" is not a label name`,
		`{a="b",c=~"(x"}`:       "1:11: parse error: read regular expression: error parsing regexp: missing closing ): `(x`",
		`{c=~"x)|(y"}`:          "1:5: parse error: read regular expression: error parsing regexp: unexpected ): `x)|(y`",
		`{c=~"\\Qx"}, y`:        `1:12: parse error: unexpected ",", expected the end of the selector`,
	} {
		t.Run(in, func(t *testing.T) {
			got, err := selector.Parse(in)
			require.Nil(t, got)
			var pe *selector.ParseError
			require.ErrorAs(t, err, &pe)
			require.Equal(t, want, err.Error())
		})
	}
}

func TestParseRefusesCostlySelectors(t *testing.T) {
	for name, in := range map[string]string{
		"length":             `{a="` + strings.Repeat("x", selector.MaxBytes) + `"}`,
		"repetitions":        `{a=~"` + strings.Repeat(`.{1000}`, 30) + `"}`,
		"nested repetitions": `{a=~"((x.){10}){90}` + strings.Repeat(`(b[a-z]{30}){30}`, 20) + `"}`,
		"many matchers":      `{` + strings.Repeat(`a=~".{1000}",`, 30) + `}`,
		"large classes":      `{a=~"` + strings.Repeat(`\\pL`, 300) + `"}`,
		"long expression":    `{a=~"` + strings.Repeat(`x`, 17<<10) + `.?"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := selector.Parse(in)
			require.ErrorContains(t, err, "selector")
			require.Less(t, len(err.Error()), 200)
		})
	}
	// Alternations of literals may be long: this is how a dashboard selects all
	// the values of a variable.
	_, err := selector.Parse(`{a=~"` + strings.Repeat(`some-service\\.name|`, 10_000) + `"}`)
	require.NoError(t, err)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `process_cpu{a="b",}`, `{"a.b"=~"x.*", 'm', c!~"d|e"}`, "{`a`!=`b`} # c", `{a="\x41\102\u00e9\U0001F525"}`,
		`{a=~"(?i)foo|[a-z]{2,3}$"}`, "{a=\"\xff\"}", `{a="\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		first, err := selector.Parse(in)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		second, err := selector.Parse(first.String())
		require.NoError(t, err, first.String())
		require.True(t, first.Equal(second), "%v and %v", first, second)
		for i, m := range first {
			require.Equal(t, m.Matches(in), second[i].Matches(in))
			if values, bounded := first.Values(m.Name); bounded {
				require.Equal(t, first.MatchesLabel(m.Name, in), slices.Contains(values, in))
			}
		}
	})
}
