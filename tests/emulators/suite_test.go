package emulators

import (
	"context"
	"net"
	"net/url"
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
)

const (
	envWanted = "PYROCUMULUS_EMULATORS" // 1: run, and fail if an emulator is missing
	envInner  = "PYROCUMULUS_SUITE"     // set in the process that runs a suite
)

// endpoint returns where an emulator listens, or leaves the test out if nobody
// asked for emulators.
func endpoint(t *testing.T, variable string) string {
	t.Helper()
	if os.Getenv(envWanted) != "1" {
		t.Skip("left out: needs emulators of AWS, which `make test-emulators` starts")
	}
	address := os.Getenv(variable)
	require.NotEmpty(t, address, "%s=1 and no %s: run `make test-emulators`", envWanted, variable)
	u, err := url.Parse(address)
	require.NoError(t, err)
	conn, err := net.DialTimeout("tcp", u.Host, 5*time.Second)
	require.NoError(t, err, "nothing listens at %s", variable)
	require.NoError(t, conn.Close())
	return address
}

// awsConfig is the configuration of the SDK for an emulator.
func awsConfig(t *testing.T, address string) aws.Config {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": address, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	require.NoError(t, err)
	return cfg
}

// inner reports whether this process is one that runs a suite for compare.
func inner() bool { return os.Getenv(envInner) != "" }

// compare runs the suite of the calling test in a process of its own, and
// checks that what fails is what the emulator is known to fail.
func compare(t *testing.T, emulator string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$", "-test.timeout=9m")
	cmd.Env = append(os.Environ(), envInner+"=1")
	out, err := cmd.CombinedOutput()
	passed, failed := outcomes(string(out), t.Name()+"/")
	require.NotEmpty(t, passed, "%v\n%s", err, out)

	must, may := deviations(t, emulator)
	var surprises []string
	for _, name := range failed {
		if !slices.Contains(must, name) && !slices.Contains(may, name) {
			surprises = append(surprises, "fails: "+name)
		}
	}
	for _, name := range must {
		if !slices.Contains(failed, name) {
			surprises = append(surprises, "does not fail: "+name)
		}
	}
	if len(surprises) > 0 {
		t.Log(string(out))
		require.Empty(t, surprises, "%s is not as localstack/README.md says", emulator)
	}
	t.Logf("%d tests pass, %d fail as is known of %s", len(passed), len(failed), emulator)
}

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

// deviations reads from localstack/README.md which tests an emulator must fail
// and which it may fail: rows of tables that begin with its name and a test's in
// code style. If the next cell begins with "sometimes" the test may fail.
func deviations(t *testing.T, emulator string) (must, may []string) {
	t.Helper()
	text, err := os.ReadFile("../../localstack/README.md")
	require.NoError(t, err)
	row := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(emulator) + " \\| `([^`]+)` \\| (sometimes )?")
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		name := strings.ReplaceAll(m[1], " ", "_")
		if m[2] != "" {
			may = append(may, name)
		} else {
			must = append(must, name)
		}
	}
	return must, may
}
