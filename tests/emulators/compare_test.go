package emulators

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
)

// envSuite is the emulator that a suite runs on, set in the process that runs
// it for compare.
const envSuite = "PYROCUMULUS_SUITE"

// onEach runs a suite on emulators and compares what fails with the table of
// deviations. A test cannot look at the outcome of its subtests and go on, so
// each suite runs in a process of its own, which finds the emulator as a
// function on AWS does: by the environment.
func onEach(t *testing.T, suite func(t *testing.T, e emulator, cfg aws.Config), on ...emulator) {
	t.Helper()
	if name := os.Getenv(envSuite); name != "" {
		i := slices.IndexFunc(on, func(e emulator) bool { return e.name == name })
		require.NotEqual(t, -1, i, "no emulator %q here", name)
		cfg, err := config.LoadDefaultConfig(t.Context())
		require.NoError(t, err)
		suite(t, on[i], cfg)
		return
	}
	t.Parallel()
	for _, e := range on {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			compare(t, e, strings.TrimSuffix(t.Name(), "/"+strings.ReplaceAll(e.name, " ", "_")))
		})
	}
}

func compare(t *testing.T, e emulator, test string) {
	t.Helper()
	set := e.find(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	// Checks of services wait rather than work, so many run side by side.
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.v", "-test.run=^"+test+"$", "-test.timeout=9m", "-test.parallel=8")
	cmd.Env = append(append(os.Environ(), envSuite+"="+e.name), set.Environment()...)
	out, err := cmd.CombinedOutput()
	passed, failed := outcomes(string(out), test+"/")
	require.NotEmpty(t, passed, "%v\n%s", err, out)

	surprises := judge(deviationsOf(e.name, test), passed, failed)
	if len(surprises) > 0 {
		t.Log(string(out))
		require.Empty(t, surprises, "%s is not as deviations_test.go says", e.name)
	}
	t.Logf("%d tests pass, %d fail as is known of %s", len(passed), len(failed), e.name)
}

// judge says what is not as expected: a test that fails and is not in the
// table, one that is in the table and passes, and one that is in the table and
// was not run, for a name may have changed.
func judge(known []deviation, passed, failed []string) (surprises []string) {
	table := make(map[string]deviation)
	for _, d := range known {
		table[underscored(d.test)] = d
	}
	for _, name := range failed {
		if _, ok := table[name]; !ok {
			surprises = append(surprises, "fails: "+name)
		}
	}
	for _, d := range known {
		name := underscored(d.test)
		switch {
		case slices.Contains(failed, name):
		case !slices.Contains(passed, name):
			surprises = append(surprises, "is not a test of a suite that ran: "+name)
		case d.sometimes == "":
			surprises = append(surprises, "does not fail any more: "+name)
		}
	}
	return surprises
}

// underscored is a name as go test writes it.
func underscored(name string) string { return strings.ReplaceAll(name, " ", "_") }

// outcomes are the names of tests without subtests, as the log of a verbose
// run tells them, sorted.
func outcomes(log, prefix string) (passed, failed []string) {
	all := regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL): (\S+) `).FindAllStringSubmatch(log, -1)
	for _, m := range all {
		isParent := slices.ContainsFunc(all, func(other []string) bool { return strings.HasPrefix(other[2], m[2]+"/") })
		name, ok := strings.CutPrefix(m[2], prefix)
		switch {
		case isParent || !ok:
		case m[1] == "PASS":
			passed = append(passed, name)
		default:
			failed = append(failed, name)
		}
	}
	slices.Sort(passed)
	slices.Sort(failed)
	return passed, failed
}

func TestJudge(t *testing.T) {
	known := []deviation{{test: "a b"}, {test: "c", sometimes: "races"}}
	require.Empty(t, judge(known, []string{"c", "d"}, []string{"a_b"}))
	require.Empty(t, judge(known, []string{"d"}, []string{"a_b", "c"}))
	require.Equal(t, []string{"does not fail any more: a_b"}, judge(known, []string{"a_b", "c"}, nil))
	require.Equal(t, []string{"fails: d"}, judge(known, []string{"c"}, []string{"a_b", "d"}))
	require.Equal(t, []string{"is not a test of a suite that ran: c"}, judge(known, nil, []string{"a_b"}))
}

func TestWantedEmulatorsMustBeThere(t *testing.T) {
	for _, address := range []string{"", "nowhere", "http://" + freeAddress(t)} {
		t.Setenv(emulators.EnvWanted, "1")
		t.Setenv(emulators.EnvMiniStack, address)
		r := &recorder{}
		func() {
			defer func() { _ = recover() }()
			emulators.Endpoint(r, emulators.EnvMiniStack)
		}()
		require.Equal(t, "fatal", r.said, "%q", address)
	}
	t.Setenv(emulators.EnvWanted, "")
	r := &recorder{}
	func() {
		defer func() { _ = recover() }()
		emulators.Endpoint(r, emulators.EnvMiniStack)
	}()
	require.Equal(t, "skip", r.said)
}

// recorder is a test that notes how it ended.
type recorder struct{ said string }

func (*recorder) Helper()                 {}
func (r *recorder) Skip(...any)           { r.said = "skip"; panic(r) }
func (r *recorder) Fatalf(string, ...any) { r.said = "fatal"; panic(r) }
