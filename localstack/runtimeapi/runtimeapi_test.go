package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
)

// envBehave makes the test binary a Lambda function, and says how it starts.
const envBehave = "RUNTIMEAPI_TEST_START"

func TestMain(m *testing.M) {
	switch os.Getenv(envBehave) {
	case "":
		os.Exit(m.Run())
	case "exit":
		fmt.Fprintln(os.Stderr, "cannot start")
		os.Exit(7)
	case "hang":
		time.Sleep(time.Hour)
	case "init error":
		report := strings.NewReader(`{"errorType":"Mine","errorMessage":"no settings"}`)
		_, _ = http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", "application/json", report)
		os.Exit(1)
	}
	lambda.Start(handle)
}

// order is what the function is told to do.
type order struct {
	Do string
	MS int // for how long
}

// answer is what it says about itself.
type answer struct {
	Process   int
	RequestID string
	ARN       string
	LeftMS    int64
	Variables []string
}

func handle(ctx context.Context, o order) (any, error) {
	switch o.Do {
	case "fail":
		return nil, errors.New("as told")
	case "panic":
		panic("as told")
	case "exit":
		os.Exit(3)
	case "log":
		fmt.Fprintln(os.Stderr, "a line of the function")
	case "large":
		return strings.Repeat("x", runtimeapi.MaxPayloadBytes), nil
	case "eat":
		eaten := make([]byte, 256<<20)
		for i := range eaten {
			eaten[i] = 1
		}
		time.Sleep(time.Minute)
		runtime.KeepAlive(eaten)
	}
	time.Sleep(time.Duration(o.MS) * time.Millisecond)
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return answer{os.Getpid(), lc.AwsRequestID, lc.InvokedFunctionArn, time.Until(deadline).Milliseconds(), os.Environ()}, nil
}

// function is the test binary as a function that starts as told.
func function(t *testing.T, start string) runtimeapi.Function {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	return runtimeapi.Function{Name: "f", Bootstrap: binary, Variables: map[string]string{envBehave: start}}
}

func newHost(t *testing.T, functions ...runtimeapi.Function) *runtimeapi.Host {
	t.Helper()
	h, err := runtimeapi.New(runtimeapi.Options{}, functions...)
	require.NoError(t, err)
	t.Cleanup(h.Close)
	return h
}

func invoke(t *testing.T, h *runtimeapi.Host, event string) (answer, runtimeapi.Result) {
	t.Helper()
	result, err := h.Invoke(t.Context(), "f", []byte(event))
	require.NoError(t, err)
	var a answer
	if result.FunctionError == "" {
		require.NoError(t, json.Unmarshal(result.Payload, &a))
	}
	return a, result
}

// failure is how an invocation failed.
func failure(t *testing.T, r runtimeapi.Result) *runtimeapi.Error {
	t.Helper()
	require.Equal(t, runtimeapi.Unhandled, r.FunctionError, "%s", r.Payload)
	var e *runtimeapi.Error
	require.ErrorAs(t, r.Err(), &e)
	return e
}

func TestAnEnvironmentIsStartedOnceAndUsedAgain(t *testing.T) {
	h := newHost(t, function(t, "ok"))
	first, cold := invoke(t, h, `{}`)
	second, warm := invoke(t, h, ``)
	require.True(t, cold.ColdStart)
	require.Positive(t, cold.Init)
	require.False(t, warm.ColdStart)
	require.Zero(t, warm.Init)
	require.Equal(t, first.Process, second.Process)
	require.Equal(t, cold.RequestID, first.RequestID)
	require.Equal(t, warm.RequestID, second.RequestID)
	require.NotEqual(t, first.RequestID, second.RequestID)
	require.Equal(t, "arn:aws:lambda:us-east-1:000000000000:function:f", first.ARN)
	require.Greater(t, first.LeftMS, int64(20_000))
	require.LessOrEqual(t, first.LeftMS, runtimeapi.DefaultTimeout.Milliseconds())
}

func TestVariables(t *testing.T) {
	t.Setenv("OF_THIS_PROCESS", "1")
	f := function(t, "ok")
	f.MemoryMiB = 1000
	f.Variables["MINE"] = "yes"
	f.Variables["AWS_REGION"] = "eu-west-1"
	a, _ := invoke(t, newHost(t, f), `{}`)
	for _, want := range []string{
		"AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=1000", "GOMEMLIMIT=900MiB", "MINE=yes",
		"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "_HANDLER=bootstrap", "TZ=:UTC",
	} {
		require.Contains(t, a.Variables, want)
	}
	require.NotContains(t, a.Variables, "OF_THIS_PROCESS=1")
	require.Equal(t, "arn:aws:lambda:eu-west-1:000000000000:function:f", a.ARN)
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		do, kind, message string
		survives          bool
	}{
		{"fail", "errorString", "as told", true},
		{"panic", "string", "as told", false},
		{"exit", runtimeapi.TypeExit, "Runtime exited with error: exit status 3", false},
		{"large", runtimeapi.TypeResponseTooLarge, "exceeded maximum allowed payload size", false},
	} {
		t.Run(c.do, func(t *testing.T) {
			h := newHost(t, function(t, "ok"))
			before, _ := invoke(t, h, `{}`)
			_, r := invoke(t, h, fmt.Sprintf(`{"Do":%q}`, c.do))
			e := failure(t, r)
			require.Equal(t, c.kind, e.Type)
			require.Contains(t, e.Message, c.message)
			after, r := invoke(t, h, `{}`)
			require.Empty(t, r.FunctionError)
			require.Equal(t, c.survives, before.Process == after.Process)
		})
	}
}

func TestDeadlineKills(t *testing.T) {
	f := function(t, "ok")
	f.Timeout = 300 * time.Millisecond
	h := newHost(t, f)
	before, _ := invoke(t, h, `{}`)
	_, r := invoke(t, h, `{"MS":60000}`)
	e := failure(t, r)
	require.Equal(t, runtimeapi.TypeTimeout, e.Type)
	require.Equal(t, "RequestId: "+r.RequestID+" Error: Task timed out after 0.30 seconds", e.Message)
	require.GreaterOrEqual(t, r.Duration, f.Timeout)
	after, r := invoke(t, h, `{}`)
	require.True(t, r.ColdStart)
	require.NotEqual(t, before.Process, after.Process)
}

func TestMemoryLimitKills(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("left out: memory is limited on Linux only")
	}
	f := function(t, "ok")
	f.MemoryMiB = 128
	h := newHost(t, f)
	_, r := invoke(t, h, `{}`)
	require.Empty(t, r.FunctionError)
	require.Less(t, r.PeakMemory, int64(128<<20))
	_, r = invoke(t, h, `{"Do":"eat"}`)
	e := failure(t, r)
	require.Equal(t, runtimeapi.TypeExit, e.Type)
	require.Contains(t, e.Message, "signal: killed: more than 128 MB of memory")
	require.Greater(t, r.PeakMemory, int64(128<<20))
}

func TestStartsThatFail(t *testing.T) {
	for _, c := range []struct{ start, kind, message string }{
		{"exit", runtimeapi.TypeExit, "exit status 7"},
		{"init error", "Mine", "no settings"},
		{"hang", runtimeapi.TypeTimeout, "Initialization timed out after 0.30 seconds"},
	} {
		t.Run(c.start, func(t *testing.T) {
			f := function(t, c.start)
			if c.start == "hang" {
				f.InitTimeout = 300 * time.Millisecond
			}
			h := newHost(t, f)
			_, r := invoke(t, h, `{}`)
			e := failure(t, r)
			require.Equal(t, c.kind, e.Type)
			require.Contains(t, e.Message, c.message)
			all, busy := h.Environments("f")
			require.Equal(t, []int{0, 0}, []int{all, busy})
			_, err := runtimeapi.MeasureStart(f)
			require.ErrorContains(t, err, "function f")
		})
	}
	h := newHost(t, runtimeapi.Function{Name: "f", Bootstrap: "/does/not/exist"})
	_, err := h.Invoke(t.Context(), "f", nil)
	require.ErrorContains(t, err, "start bootstrap")
}

func TestMeasureStart(t *testing.T) {
	s, err := runtimeapi.MeasureStart(function(t, "ok"))
	require.NoError(t, err)
	require.Positive(t, s.CPU)
	require.Positive(t, s.Elapsed)
}

func TestFunctionsAreChecked(t *testing.T) {
	_, err := runtimeapi.New(runtimeapi.Options{},
		runtimeapi.Function{Bootstrap: "x"}, runtimeapi.Function{Name: "a"},
		runtimeapi.Function{Name: "b", Bootstrap: "x"}, runtimeapi.Function{Name: "b", Bootstrap: "x"},
		runtimeapi.Function{Name: "c", Bootstrap: "x", Timeout: -1})
	for _, want := range []string{"has no name", "a has no bootstrap", "b is given twice", "c has a negative limit"} {
		require.ErrorContains(t, err, want)
	}
}
