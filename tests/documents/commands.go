package documents

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Command is one that a document tells its reader to run.
type Command struct {
	Document string // path from the root of the repository
	Line     int    // where it begins, from 1
	Text     string // without what stands behind #, lines that are continued joined
}

// In returns the paths, from root, of all documents: Markdown files that are no
// test data.
func In(root string) ([]string, error) {
	var all []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".md"):
			all = append(all, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for documents in %s: %w", root, err)
	}
	return all, nil
}

// Commands returns the commands of a document in their order: each line of the
// blocks whose language is sh, and what stands between backquotes and begins with
// a program that one runs here.
func Commands(root, document string) ([]Command, error) {
	text, err := os.ReadFile(filepath.Join(root, document))
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	return commandsOf(document, string(text)), nil
}

var (
	fence   = regexp.MustCompile("^ *(?:[*-] +)?```(\\w*)")
	inline  = regexp.MustCompile("`([^`]+)`")
	program = regexp.MustCompile(`^(make( |$)|go (run|test|build|install|get) |npx |curl |docker |aws [a-z0-9]+ |alloy [a-z]|(scripts/emulators/emulators|infra/checker/check)( |$))`)
	comment = regexp.MustCompile(`(^|\s)#.*$`)
	space   = regexp.MustCompile(`\s+`)
)

func commandsOf(document, text string) []Command {
	var all []Command
	var prose strings.Builder // with empty lines for blocks, so that lines keep their numbers
	language, inBlock := "", false
	var begun *Command // that is continued on the next line
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && !inBlock:
			inBlock, language = true, m[1]
		case m != nil:
			inBlock = false
		case inBlock && language == "sh":
			begun, all = inScript(document, i+1, line, begun, all)
		}
		if !inBlock && m == nil {
			prose.WriteString(line)
		}
		prose.WriteByte('\n')
	}
	for _, at := range inline.FindAllStringSubmatchIndex(prose.String(), -1) {
		span := space.ReplaceAllString(prose.String()[at[2]:at[3]], " ")
		if program.MatchString(span) {
			all = append(all, Command{document, 1 + strings.Count(prose.String()[:at[2]], "\n"), span})
		}
	}
	return all
}

// inScript adds a line of a script.
func inScript(document string, number int, line string, begun *Command, all []Command) (*Command, []Command) {
	line = strings.TrimSpace(withoutComment(line))
	if begun == nil {
		if line == "" {
			return nil, all
		}
		begun = &Command{Document: document, Line: number}
	}
	part, goesOn := strings.CutSuffix(line, `\`)
	begun.Text = strings.TrimSpace(begun.Text + " " + strings.TrimSpace(part))
	if goesOn {
		return begun, all
	}
	return nil, append(all, *begun)
}

// withoutComment cuts off a comment that no quotes are around.
func withoutComment(line string) string {
	at := comment.FindStringIndex(line)
	if at == nil {
		return line
	}
	before := line[:at[0]]
	if strings.Count(before, `'`)%2 == 1 || strings.Count(before, `"`)%2 == 1 {
		return line
	}
	return before
}
