package deploy

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/tests/documents"
)

// clone is a clone of the repository as it is here, from a copy, so that nothing is
// there that is not in the repository.
type clone struct{ origin, dir string }

func newClone(t testing.TB) clone {
	dir := t.TempDir()
	c := clone{origin: filepath.Join(dir, "origin"), dir: filepath.Join(dir, "pyrocumulus")}
	require.NoError(t, documents.Clone("../..", c.origin))
	git(t, c.origin, "init", "--quiet", "--initial-branch=main")
	git(t, c.origin, "add", "--all")
	git(t, c.origin, "commit", "--quiet", "--message=all of it")
	git(t, dir, "clone", "--quiet", c.origin, c.dir)
	return c
}

// shell is what a user has: a clone, and an environment.
type shell struct {
	clone
	t           testing.TB
	environment []string
	quiet       bool // while it does the same again and again
}

// shell returns one in which commands find the emulators at the addresses of set,
// and all other services at address.
func (c clone) shell(t testing.TB, address string, set emulators.Set) *shell {
	environment := append(os.Environ(), set.Environment()...)
	return &shell{clone: c, t: t, environment: append(environment, differences(t, address)...)}
}

// differences are the variables by which the environment is not that of a user
// with an AWS account.
func differences(t testing.TB, address string) []string {
	bin := t.TempDir()
	docker := exec.Command("go", "build", "-o", filepath.Join(bin, "docker"), ".")
	docker.Dir = "../docker"
	out, err := docker.CombinedOutput()
	require.NoError(t, err, string(out))
	path := []string{bin, os.Getenv(emulators.EnvAWSCLI), os.Getenv("PATH")}
	return []string{
		"AWS_ENDPOINT_URL=" + address, // where the emulators are
		// Emulators run functions as processes on this machine.
		"BUILD=-platform " + runtime.GOOS + "/" + runtime.GOARCH,
		// The AWS CLI that scripts/emulators installs; Docker is only looked at.
		"PATH=" + strings.Join(path, string(os.PathListSeparator)),
		// CDK fetches nothing, sends nothing, and leaves nothing in the home directory.
		"CDK_HOME=" + t.TempDir(), "CDK_NOTICES=false", "CDK_DISABLE_CLI_TELEMETRY=true",
		"NO_COLOR=1", "TERM=dumb", "AWS_PAGER=",
		// What CDK prints would be mostly about the age of Node.js.
		"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1",
	}
}

func git(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %s: %s", args, out)
}

// script runs a script of bash in the clone and returns what it prints to stdout,
// or all that a terminal shows if it has one, where questions are answered with y.
func (s *shell) script(text string, onTerminal bool) (string, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", text)
	if onTerminal {
		answers, err := filepath.Abs("terminal.py")
		require.NoError(s.t, err)
		cmd = exec.CommandContext(ctx, "python3", append([]string{answers}, cmd.Args...)...)
	}
	var out, errors bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.environment, io.MultiWriter(&out, &errors), &errors
	begun := time.Now()
	err := cmd.Run()
	if !s.quiet || err != nil {
		s.t.Logf("%s\n%s\n(%s)", strings.TrimSpace(text), tail(clean(errors.String())), time.Since(begun).Round(time.Second))
	}
	return clean(out.String()), err
}

// run runs a block of a document, which must succeed.
func (s *shell) run(b *block, values map[string]string) string {
	s.t.Helper()
	b.ran = true
	out, err := s.script(b.fill(s.t, values), false)
	require.NoError(s.t, err, out)
	return out
}

// runUntil runs a block again and again until it prints the text, which must be
// within some minutes.
func (s *shell) runUntil(b *block, values map[string]string, text, why string) {
	s.t.Helper()
	s.quiet = true
	defer func() { s.quiet = false }()
	require.Eventually(s.t, func() bool { return strings.Contains(s.run(b, values), text) }, 3*time.Minute, 3*time.Second, why)
}

// confirm is the same for one that asks a question.
func (s *shell) confirm(b *block, values map[string]string, dots string) string {
	s.t.Helper()
	b.ran = true
	out, err := s.script(strings.ReplaceAll(b.fill(s.t, values), "...", dots), true)
	require.NoError(s.t, err, out)
	require.Contains(s.t, out, "(y/n)", "it asks")
	return out
}

var escape = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\r`)

// clean is a text without what moves and colours it.
func clean(text string) string { return escape.ReplaceAllString(text, "") }

// tail are the last lines of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
