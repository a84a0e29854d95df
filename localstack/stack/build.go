package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build makes the bootstraps of the named functions, or of all, for this
// machine in dir. It needs the sources around the working directory, and Go.
func Build(ctx context.Context, dir string, names ...string) error {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the sources of the functions: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(module)))
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("build functions: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./scripts/build", "-native", "-out", dir}, names...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build functions in %s: %w", root, err)
	}
	return nil
}
