package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the path of our Go module; what is imported below it is ours.
const module = "github.com/pyrocumulus/pyrocumulus/"

// source is one Go file.
type source struct {
	Path    string // from the root of the repository, with slashes
	Dir     string
	Test    bool     // a _test.go file
	Imports []string // import paths, ours without the module
	Lines   int
	Package string // name in the package clause
	fset    *token.FileSet
	syntax  *ast.File
}

// repository is all that rules look at.
type repository struct {
	files   fs.FS
	sources []*source
}

// load reads all Go files but those that are not ours to judge.
func load(files fs.FS) (*repository, error) {
	repo := &repository{files: files}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			base := path.Base(name)
			hidden := strings.HasPrefix(base, ".") && name != "."
			if hidden || base == "testdata" || base == "node_modules" {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		s, err := parse(files, name)
		if err != nil {
			return err
		}
		repo.sources = append(repo.sources, s)
		return nil
	})
	return repo, err
}

func parse(files fs.FS, name string) (*source, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	s := &source{
		Path: name, Dir: path.Dir(name), Test: strings.HasSuffix(name, "_test.go"),
		Lines: strings.Count(string(text), "\n"), fset: token.NewFileSet(),
	}
	s.syntax, err = parser.ParseFile(s.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	s.Package = s.syntax.Name.Name
	for _, spec := range s.syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("parse an import of %s: %w", name, err)
		}
		s.Imports = append(s.Imports, strings.TrimPrefix(imported, module))
	}
	return s, nil
}

// at is where a node stands, for messages.
func (s *source) at(node ast.Node) string {
	return fmt.Sprintf("%s:%d", s.Path, s.fset.Position(node.Pos()).Line)
}

// ours reports whether an import, as in source.Imports, is a package of ours.
func ours(imported string) bool {
	top, _, _ := strings.Cut(imported, "/")
	return slices.Contains([]string{"shared", "functions", "infra", "localstack", "scripts", "tests"}, top)
}

// dependencies returns the packages of ours that a folder's files import,
// tests aside.
func (r *repository) dependencies(dir string) []string {
	var all []string
	for _, s := range r.sources {
		if s.Dir != dir || s.Test {
			continue
		}
		for _, imported := range s.Imports {
			if ours(imported) && !slices.Contains(all, imported) {
				all = append(all, imported)
			}
		}
	}
	return all
}

// dirs returns all folders with Go files, sorted.
func (r *repository) dirs() []string {
	var all []string
	for _, s := range r.sources {
		all = append(all, s.Dir)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
