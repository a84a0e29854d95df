package arch

import (
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// Hard limits; what is usual is less than half of them.
const (
	maxFileLines     = 500
	maxFunctionLines = 60
	maxMainLines     = 40
)

// exceptions are files, as "dir/file.go", and functions, as "dir/file.go Name",
// that may be longer than the limits, each with the reason.
func exceptions() map[string]string {
	return map[string]string{}
}

func longFiles(r *repository) []string {
	excepted := exceptions()
	var all []string
	for _, s := range r.sources {
		if !s.Test && s.Lines > maxFileLines && excepted[s.Path] == "" {
			all = append(all, fmt.Sprintf("%s has %d lines", s.Path, s.Lines))
		}
	}
	return all
}

func longFunctions(r *repository) []string {
	excepted := exceptions()
	var all []string
	for _, s := range r.sources {
		if s.Test {
			continue
		}
		for _, declaration := range s.syntax.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			lines := s.fset.Position(function.End()).Line - s.fset.Position(function.Pos()).Line + 1
			if lines > maxFunctionLines && excepted[s.Path+" "+function.Name.Name] == "" {
				all = append(all, fmt.Sprintf("%s: %s has %d lines", s.at(function), function.Name.Name, lines))
			}
		}
	}
	return all
}

// longMains counts all files of a function together, but not those of
// functions/local, which joins all the others.
func longMains(r *repository) []string {
	lines := make(map[string]int)
	for _, s := range r.sources {
		if !s.Test && isBelow(s.Dir, "functions") && s.Dir != "functions/local" && s.Package == "main" {
			lines[s.Dir] += s.Lines
		}
	}
	var all []string
	for _, dir := range r.dirs() {
		if lines[dir] > maxMainLines {
			all = append(all, fmt.Sprintf("%s has %d lines", dir, lines[dir]))
		}
	}
	return all
}

func packageDocs(r *repository) []string {
	documented := make(map[string]bool)
	for _, s := range r.sources {
		if s.Test {
			continue
		}
		documented[s.Dir] = documented[s.Dir] || s.syntax.Doc != nil && strings.TrimSpace(s.syntax.Doc.Text()) != ""
	}
	var all []string
	for _, dir := range r.dirs() {
		if has, counted := documented[dir]; counted && !has {
			all = append(all, dir+" has no doc comment before its package clause")
		}
	}
	return all
}

// documentPaths checks what looks like a path of the repository: a span of
// code that starts with a folder at its top, or names a file that lies there
// by custom.
func documentPaths(r *repository) []string {
	var all []string
	for _, document := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "functions/README.md", "functions/ingest/README.md", "functions/query/README.md"} {
		text, err := fs.ReadFile(r.files, document)
		if err != nil {
			continue // not written yet
		}
		fenced := false
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
				continue
			}
			if fenced {
				continue
			}
			for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
				if name, ok := repositoryPath(span[1]); ok && !exists(r.files, name) {
					all = append(all, fmt.Sprintf("%s:%d names %s, which does not exist", document, i+1, span[1]))
				}
			}
		}
	}
	return all
}

var (
	codeSpan  = regexp.MustCompile("`([^`]+)`")
	pathShape = regexp.MustCompile(`^(?:functions|infra|shared|localstack|scripts|tests|\.ci)(?:/[\w.*-]+)*$` +
		`|^(?:Makefile|LICENSE|go\.mod|go\.sum|cdk\.json|[A-Z]+\.md)$`)
	goName = regexp.MustCompile(`\.[A-Z]\w*$`)
	ofLine = regexp.MustCompile(`:\d+$`)
)

// repositoryPath returns the path in a span of code, if it is one:
// "./shared/queue/...", "shared/profile.TenantID" and "shared/queue/queue.go:12"
// are.
func repositoryPath(span string) (string, bool) {
	name := strings.TrimPrefix(span, "./")
	name = strings.TrimSuffix(strings.TrimSuffix(name, "/..."), "/")
	name = ofLine.ReplaceAllString(name, "")
	if !pathShape.MatchString(name) {
		return "", false
	}
	if path.Ext(name) != ".md" && strings.Contains(name, "/") {
		name = goName.ReplaceAllString(name, "")
	}
	return name, true
}

func exists(files fs.FS, name string) bool {
	found, err := fs.Glob(files, name)
	return err == nil && len(found) > 0
}
