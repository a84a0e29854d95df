package push

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

// expand replaces patterns by the files that match. What is the name of a file
// is no pattern.
func expand(args []string) ([]string, error) {
	if len(args) == 0 {
		return nil, command.Usagef("name the files to push; - is the standard input")
	}
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == "-":
		case err == nil && info.IsDir():
			return nil, command.Usagef("%s is a directory: name the files in it, as '%s'", arg, filepath.Join(arg, "*"))
		case err == nil || !strings.ContainsAny(arg, "*?["):
		default:
			found, err := matching(arg)
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
			continue
		}
		files = append(files, arg)
	}
	return files, nil
}

// matching lists the files that match a pattern, without directories.
func matching(pattern string) (files []string, err error) {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, command.Usagef("pattern %q: %w", pattern, err)
	}
	for _, name := range found {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file matches %q", pattern)
	}
	return files, nil
}

func read(stdin io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(file)
}
