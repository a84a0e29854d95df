// Package emulators finds the emulators of AWS that scripts/emulators has
// started, by the environment, and says how to reach them: by an SDK in this
// process ([Set.Config]) or by a function in another ([Set.Environment]).
//
//	make test-emulators
//
// starts them and runs the tests that want them. Tests begin with
//
//	set := emulators.Default(t)
//
// which leaves the test out if nobody asked for emulators, and fails it if
// somebody did and one is missing.
package emulators

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Variables of the environment that scripts/emulators sets.
const (
	EnvWanted     = "PYROCUMULUS_EMULATORS"           // 1: use them, and fail if one is missing
	EnvVersitygw  = "PYROCUMULUS_S3_ENDPOINT"         // URL of versitygw
	EnvMiniStack  = "PYROCUMULUS_SQS_ENDPOINT"        // URL of MiniStack
	EnvDynamoDB   = "PYROCUMULUS_DYNAMODB_ENDPOINT"   // URL of DynamoDB Local
	EnvLocalStack = "PYROCUMULUS_LOCALSTACK_ENDPOINT" // URL of LocalStack
	EnvAWSCLI     = "PYROCUMULUS_AWSCLI"              // folder of the AWS CLI
)

// What every emulator takes.
const (
	Region    = "us-east-1"
	AccessKey = "test"
	SecretKey = "test"
)

// Set is where the services are, as URLs.
type Set struct{ S3, SQS, DynamoDB string }

// Test is what Default needs of a *testing.T.
type Test interface {
	Helper()
	Skip(args ...any)
	Fatalf(format string, args ...any)
}

// Default returns the emulators that are most like AWS, one for each service:
// versitygw, MiniStack and DynamoDB Local.
func Default(t Test) Set {
	t.Helper()
	return Set{S3: Endpoint(t, EnvVersitygw), SQS: Endpoint(t, EnvMiniStack), DynamoDB: Endpoint(t, EnvDynamoDB)}
}

// Endpoint returns the URL that a variable holds, of an emulator that listens.
// If nobody asked for emulators the test is left out.
func Endpoint(t Test, variable string) string {
	t.Helper()
	if os.Getenv(EnvWanted) != "1" {
		t.Skip("left out: needs emulators of AWS, which `make test-emulators` starts")
	}
	address := os.Getenv(variable)
	if err := listens(address); err != nil {
		t.Fatalf("%s=1, but %s: %v; run `make test-emulators`", EnvWanted, variable, err)
	}
	return address
}

func listens(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("read URL %q: %w", address, err)
	}
	if u.Host == "" {
		return fmt.Errorf("%q is no URL with a host", address)
	}
	conn, err := net.DialTimeout("tcp", u.Host, 5*time.Second)
	if err != nil {
		return fmt.Errorf("reach the emulator: %w", err)
	}
	return conn.Close()
}

// Environment is what points a process with an AWS SDK at the emulators and
// away from every account, as NAME=value.
func (s Set) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + s.S3, "AWS_ENDPOINT_URL_SQS=" + s.SQS, "AWS_ENDPOINT_URL_DYNAMODB=" + s.DynamoDB,
		"AWS_REGION=" + Region, "AWS_ACCESS_KEY_ID=" + AccessKey, "AWS_SECRET_ACCESS_KEY=" + SecretKey,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}
}

// Config is the same for clients in this process.
func (s Set) Config(ctx context.Context) (aws.Config, error) {
	none := []string{os.DevNull}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigFiles(none), config.WithSharedCredentialsFiles(none),
		config.WithRegion(Region), config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, "")))
	if err != nil {
		return aws.Config{}, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
	}
	// Clients look into these for the endpoint of their service.
	cfg.ConfigSources = append([]any{endpoints(s)}, cfg.ConfigSources...)
	return cfg, nil
}

// endpoints is a source of configuration that knows endpoints by service.
type endpoints Set

// GetServiceBaseEndpoint is asked by clients of the SDK; id is "S3", "SQS" or
// "DynamoDB".
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, id string) (string, bool, error) {
	address := map[string]string{"s3": e.S3, "sqs": e.SQS, "dynamodb": e.DynamoDB}[strings.ToLower(id)]
	return address, address != "", nil
}
