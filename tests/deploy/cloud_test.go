package deploy

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
)

// deployed is a stack in the emulator.
type deployed struct {
	t       testing.TB
	address string // of the emulator
	cfg     aws.Config
	outputs map[string]string // what CDK prints at the end
	tokens  map[string]string // by tenant
}

func newDeployed(t testing.TB, address string) *deployed {
	cfg, err := everything(address).Config(t.Context())
	require.NoError(t, err)
	cfg.BaseEndpoint = &address
	return &deployed{t: t, address: address, cfg: cfg, tokens: make(map[string]string)}
}

// everything is the one emulator for all services.
func everything(address string) emulators.Set {
	return emulators.Set{S3: address, SQS: address, DynamoDB: address}
}

// client sends requests to the host of the API's endpoint, which is the emulator.
func (d *deployed) client() *http.Client {
	emulator, err := url.Parse(d.address)
	require.NoError(d.t, err)
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, emulator.Host)
		},
	}}
}

// invoke starts a deployed function and wants it to succeed.
func (d *deployed) invoke(name string) {
	out, err := lambda.NewFromConfig(d.cfg).Invoke(d.t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String(deployment.Default().Name + "-" + name), Payload: []byte("{}"),
	})
	require.NoError(d.t, err)
	require.Nil(d.t, out.FunctionError, "%s: %s", name, out.Payload)
}

// functions are the names of those that are deployed.
func (d *deployed) functions() []string {
	out, err := lambda.NewFromConfig(d.cfg).ListFunctions(d.t.Context(), &lambda.ListFunctionsInput{})
	require.NoError(d.t, err)
	var names []string
	for _, f := range out.Functions {
		names = append(names, *f.FunctionName)
	}
	return names
}

var (
	anOutput = regexp.MustCompile(`^` + deployment.Default().Name + `\.(\w+) = (.*)$`)
	aToken   = regexp.MustCompile(`\bpyc_\w+`)
)

// outputsOf reads the outputs of the stack from what CDK prints at the end, as a
// user does who copies them.
func outputsOf(t testing.TB, printed string) map[string]string {
	_, after, found := strings.Cut(printed, "\nOutputs:\n")
	require.True(t, found, printed)
	values, name := make(map[string]string), ""
	for line := range strings.SplitSeq(after, "\n") {
		if strings.HasPrefix(line, "Stack ARN:") {
			break
		}
		if m := anOutput.FindStringSubmatch(line); m != nil {
			name = m[1]
			values[name] = m[2]
		} else if name != "" {
			values[name] += "\n" + line
		}
	}
	for name := range values {
		values[name] = strings.TrimSpace(values[name])
	}
	return values
}
