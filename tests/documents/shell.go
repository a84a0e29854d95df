package documents

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Shell runs commands as somebody does who pastes them into a terminal.
type Shell struct {
	Dir string   // where they are run
	Env []string // variables beside those of this process, as NAME=value; its PYROCUMULUS_… are not passed on
}

// Run runs a command and returns what it wrote to both of its outputs, and an
// error if it did not succeed or the context ended. Nothing that it started goes
// on afterwards.
func (s Shell) Run(ctx context.Context, text string) (string, error) {
	var out bytes.Buffer
	cmd, err := s.command(ctx, text)
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("run %q: %w\n%s", text, errors.Join(err, context.Cause(ctx)), out.String())
	}
	return out.String(), nil
}

// patience is how long the children of a command that was ended may keep its
// outputs open.
const patience = 2 * time.Second

// command has bash run a text in a process group of its own.
func (s Shell) command(ctx context.Context, text string) (*exec.Cmd, error) {
	home, err := s.curlHome()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	cmd.Dir, cmd.WaitDelay = s.Dir, patience
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PYROCUMULUS_") })
	cmd.Env = append(append(cmd.Env, "CURL_HOME="+home), s.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	return cmd, nil
}

// curlHome has settings by which curl fails if a server refuses what it sends,
// where a person would read the answer.
func (s Shell) curlHome() (string, error) {
	dir := filepath.Join(s.Dir, ".build", "curl")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a directory for curl's settings: %w", err)
	}
	settings := strings.Join([]string{"fail-with-body", "silent", "show-error"}, "\n")
	if err := os.WriteFile(filepath.Join(dir, ".curlrc"), []byte(settings), 0o644); err != nil {
		return "", fmt.Errorf("write curl's settings: %w", err)
	}
	return dir, nil
}
