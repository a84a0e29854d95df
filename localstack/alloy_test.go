package localstack

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
	"github.com/grafana/alloy/syntax/token"
	"github.com/stretchr/testify/require"
)

// triedAlloy is the version of Grafana Alloy in which the vocabulary was tried. Its
// parser and printer are those of the module syntax v0.1.0 but for hiding secrets;
// v0.1.1 wants a newer Go than this repository.
const triedAlloy = "1.18.1"

// vocabulary has what the files may say: components, the blocks in them and the
// attributes of both. `alloy validate` accepted each one without --stability.level,
// and `alloy run` ran them (pyroscope.ebpf in 1.12.2); whoever adds a line does the
// same first.
var vocabulary = map[string][]string{
	"pyroscope.write":                                       {"external_labels"},
	"pyroscope.write/endpoint":                              {"url"},
	"pyroscope.write/endpoint/basic_auth":                   {"username", "password"},
	"pyroscope.scrape":                                      {"targets", "scrape_interval", "forward_to"},
	"pyroscope.scrape/profiling_config":                     {},
	"pyroscope.scrape/profiling_config/profile.process_cpu": {"enabled"},
	"pyroscope.scrape/profiling_config/profile.memory":      {"enabled"},
	"pyroscope.scrape/profiling_config/profile.goroutine":   {"enabled"},
	"pyroscope.scrape/profiling_config/profile.mutex":       {"enabled"},
	"pyroscope.scrape/profiling_config/profile.block":       {"enabled"},
	"pyroscope.receive_http":                                {"forward_to"},
	"pyroscope.receive_http/http":                           {"listen_address", "listen_port"},
	"pyroscope.receive_http/grpc":                           {"listen_address"},
	"pyroscope.ebpf":                                        {"targets", "forward_to"},
	"discovery.process":                                     {},
	"discovery.kubernetes":                                  {"role"},
	"discovery.relabel":                                     {"targets"},
	"discovery.relabel/rule":                                {"source_labels", "regex", "target_label", "action"},
}

// exports are what other components may refer to.
var exports = map[string]string{
	"pyroscope.write":      "receiver",
	"discovery.process":    "targets",
	"discovery.kubernetes": "targets",
	"discovery.relabel":    "output",
}

// refers says which export an attribute wants.
var refers = map[string][]string{"forward_to": {"receiver"}, "targets": {"targets", "output"}}

// functions of Alloy that the files call.
var functions = []string{"sys.env", "coalesce"}

// alloyFile is one parsed file.
type alloyFile struct {
	path string
	text []byte
	tree *ast.File
}

// configurations are the folders that `alloy run` takes as one: what lies in
// alloy, and each folder below together with the file that says where profiles go.
func configurations(t *testing.T) map[string][]alloyFile {
	out := map[string][]alloyFile{}
	paths, err := filepath.Glob("alloy/*.alloy")
	require.NoError(t, err)
	below, err := filepath.Glob("alloy/*/*.alloy")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range append(paths, below...) {
		folder := filepath.Dir(path)
		if folder != "alloy" && len(out[folder]) == 0 {
			out[folder] = append(out[folder], parsed(t, "alloy/write.alloy"))
		}
		out[folder] = append(out[folder], parsed(t, path))
	}
	return out
}

func parsed(t *testing.T, path string) alloyFile {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	tree, err := parser.ParseFile(path, text)
	require.NoError(t, err)
	return alloyFile{path: path, text: text, tree: tree}
}

// What `alloy fmt` would write is what is there.
func TestAlloyFilesAreFormatted(t *testing.T) {
	for _, files := range configurations(t) {
		for _, f := range files {
			var want bytes.Buffer
			require.NoError(t, printer.Fprint(&want, f.tree))
			require.Equal(t, want.String()+"\n", string(f.text), "%s: run alloy fmt -w on it", f.path)
		}
	}
}

// Each configuration has components that exist in Alloy, says of them what Alloy
// knows, and refers to what is in it.
func TestAlloyFilesSayWhatAlloyKnows(t *testing.T) {
	for folder, files := range configurations(t) {
		declared := map[string]bool{}
		for _, f := range files {
			for _, statement := range f.tree.Body {
				b, ok := statement.(*ast.BlockStmt)
				require.True(t, ok, "%s: an attribute at the top", f.path)
				id := strings.Join(b.Name, ".") + "." + b.Label
				require.NotEmpty(t, b.Label, "%s: %s needs a label", f.path, id)
				require.False(t, declared[id], "%s: %s is declared twice in %s", f.path, id, folder)
				declared[id] = true
			}
		}
		for _, f := range files {
			checkBody(t, f.path, "", f.tree.Body, declared)
		}
	}
}

// checkBody compares a body with the vocabulary. place is the block that it is
// of, with those around it.
func checkBody(t *testing.T, path, place string, body ast.Body, declared map[string]bool) {
	for _, statement := range body {
		switch s := statement.(type) {
		case *ast.BlockStmt:
			inner := strings.TrimPrefix(place+"/"+strings.Join(s.Name, "."), "/")
			require.Contains(t, vocabulary, inner, path)
			checkBody(t, path, inner, s.Body, declared)
		case *ast.AttributeStmt:
			require.Contains(t, vocabulary[place], s.Name.Name, "%s: attributes of %s", path, place)
			for _, r := range references(s.Value) {
				checkReference(t, path, s.Name.Name, r, declared)
			}
		}
	}
}

// checkReference says whether a name like pyroscope.write.pyrocumulus.receiver is
// an export of a component that is there, and of the kind that the attribute wants.
func checkReference(t *testing.T, path, attribute, name string, declared map[string]bool) {
	if slices.Contains(functions, name) {
		return
	}
	parts := strings.Split(name, ".")
	require.Len(t, parts, 4, "%s: %s is neither a function nor of the form component.name.label.export", path, name)
	require.True(t, declared[strings.Join(parts[:3], ".")], "%s: nothing is called %s", path, name)
	require.Equal(t, exports[strings.Join(parts[:2], ".")], parts[3], "%s: what %s.%s exports", path, parts[0], parts[1])
	require.Contains(t, refers[attribute], parts[3], "%s: %s of %s", path, attribute, name)
}

// walker collects the names and the calls in an expression.
type walker struct {
	names []string
	calls []*ast.CallExpr
}

func references(e ast.Expr) []string {
	var w walker
	w.walk(e)
	return w.names
}

func (w *walker) walk(e ast.Expr) {
	switch e := e.(type) {
	case *ast.ArrayExpr:
		for _, one := range e.Elements {
			w.walk(one)
		}
	case *ast.ObjectExpr:
		for _, field := range e.Fields {
			w.walk(field.Value)
		}
	case *ast.CallExpr:
		w.calls = append(w.calls, e)
		w.names = append(w.names, dotted(e.Value))
		for _, argument := range e.Args {
			w.walk(argument)
		}
	case *ast.AccessExpr, *ast.IdentifierExpr:
		w.names = append(w.names, dotted(e))
	}
}

// dotted writes a chain of accesses as it stands in the file.
func dotted(e ast.Expr) string {
	if a, ok := e.(*ast.AccessExpr); ok {
		return dotted(a.Value) + "." + a.Name.Name
	}
	if i, ok := e.(*ast.IdentifierExpr); ok {
		return i.Ident.Name
	}
	return "?"
}

// variables are what the files of a configuration ask the environment for, with
// the values that they take if it has none.
func variables(t *testing.T, files []alloyFile) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		var w walker
		everyAttribute(f.tree.Body, func(a *ast.AttributeStmt) { w.walk(a.Value) })
		for _, call := range w.calls {
			switch dotted(call.Value) {
			case "sys.env":
				require.Len(t, call.Args, 1, f.path)
				if name := text(t, call.Args[0]); out[name] == "" {
					out[name] = ""
				}
			case "coalesce":
				require.Len(t, call.Args, 2, f.path)
				asked, ok := call.Args[0].(*ast.CallExpr)
				require.True(t, ok, "%s: coalesce of something else than sys.env", f.path)
				out[text(t, asked.Args[0])] = text(t, call.Args[1])
			}
		}
	}
	return out
}

func everyAttribute(body ast.Body, visit func(*ast.AttributeStmt)) {
	for _, statement := range body {
		switch s := statement.(type) {
		case *ast.BlockStmt:
			everyAttribute(s.Body, visit)
		case *ast.AttributeStmt:
			visit(s)
		}
	}
}

func text(t *testing.T, e ast.Expr) string {
	literal, ok := e.(*ast.LiteralExpr)
	require.True(t, ok)
	require.Equal(t, token.STRING, literal.Kind)
	value, err := strconv.Unquote(literal.Value)
	require.NoError(t, err)
	return value
}
