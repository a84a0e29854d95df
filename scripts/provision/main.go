// Command provision makes the bucket, the tables and the queues of Pyrocumulus
// in an emulator of AWS and prints the variables that tell the functions of
// them. It may be run again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
)

const usage = `Make the bucket, the tables and the queues in an emulator of AWS:

	AWS_ENDPOINT_URL=http://localhost:4566 go run ./scripts/provision

prints lines for a shell to read:

	export AWS_ENDPOINT_URL=http://localhost:4566
	eval "$(go run ./scripts/provision)"

Region and credentials are those of the environment; if it has none, what
emulators take, which is printed as well: us-east-1, test, test. Without an endpoint in the environment it
does nothing, so that no AWS account gets resources by mistake.

`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "provision:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("provision", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	prefix := flags.String("prefix", "pyrocumulus", "what the names of the resources begin with")
	maxMessage := flags.Int("max-message-bytes", 0, "largest message of the queues if not 1 MiB; MiniStack takes 262144 at most")
	wait := flags.Duration("wait", time.Minute, "how long the emulator may take to answer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *wait)
	defer cancel()
	defaults := setDefaults()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRetryer(patient))
	if err != nil {
		return fmt.Errorf("load the configuration of the AWS SDK: %w", err)
	}
	if os.Getenv("AWS_ENDPOINT_URL") == "" && os.Getenv("AWS_ENDPOINT_URL_S3") == "" {
		return errors.New("AWS_ENDPOINT_URL is not set: it must be the URL of an emulator")
	}
	made, err := provision.Create(ctx, cfg, provision.NamesFor(*prefix), provision.Options{MaxMessageBytes: *maxMessage})
	if err != nil {
		return err
	}
	for _, variable := range append(defaults, made.Environment()...) {
		fmt.Fprintln(out, "export", variable)
	}
	fmt.Fprintln(os.Stderr, "dead letters are in", made.DeadLettersURL)
	return nil
}

// setDefaults has the SDK find what emulators take, and returns what it set, as
// NAME=value.
func setDefaults() []string {
	var set []string
	for _, variable := range []string{"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"} {
		name, value, _ := strings.Cut(variable, "=")
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value)
			set = append(set, variable)
		}
	}
	return set
}

// patient goes on for as long as the context does: the emulator may be starting.
func patient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = 0, time.Second, ratelimit.None
	})
}
