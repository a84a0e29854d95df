package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// start runs the program of the operator. They are apart because they link what
// reads and writes the store, and its AWS clients.
func (c *cli) start(ctx context.Context, name string, args []string) error {
	program := "github.com/pyrocumulus/pyrocumulus/scripts/" + name
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", program}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, c.stdout, c.stderr
	err := cmd.Run()
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		return fmt.Errorf("%s failed (outside of a checkout it cannot be found)", name)
	}
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return nil
}
