package arch

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// documents are what users and developers read: those at the top, and the
// READMEs below.
func (r *repository) documents() []string {
	found := []string{"ARCHITECTURE.md", "CONTRIBUTING.md"}
	_ = fs.WalkDir(r.files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.Name() == "README.md" || d.Name() == "FORMAT.md":
			found = append(found, name)
		}
		return nil
	})
	return found
}

var (
	goRun    = regexp.MustCompile(`go run (\./[\w/.-]+)`)
	makeGoal = regexp.MustCompile("(?m)(?:^|`|\\$ )make ([a-z][a-z-]*)")
	target   = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	link     = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
)

// documentCommands checks that what a document tells to run and to read is
// there: programs, targets of make, and files that are linked to.
func documentCommands(r *repository) []string {
	makefile, _ := fs.ReadFile(r.files, "Makefile")
	targets := make(map[string]bool)
	for _, m := range target.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	var all []string
	for _, document := range r.documents() {
		text, err := fs.ReadFile(r.files, document)
		if err != nil {
			continue // not written yet
		}
		for _, m := range goRun.FindAllStringSubmatch(string(text), -1) {
			if name := path.Clean(m[1]); !exists(r.files, name+"/main.go") {
				all = append(all, fmt.Sprintf("%s runs %s, which is no program", document, m[1]))
			}
		}
		for _, m := range makeGoal.FindAllStringSubmatch(string(text), -1) {
			if !targets[m[1]] {
				all = append(all, fmt.Sprintf("%s makes %s, which is no target", document, m[1]))
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			if name := path.Join(path.Dir(document), m[1]); !exists(r.files, name) {
				all = append(all, fmt.Sprintf("%s links to %s, which does not exist", document, m[1]))
			}
		}
	}
	return all
}
