// Command run runs Pyrocumulus as it is deployed: the real bootstraps, as
// Lambda would run them, on emulators of S3, SQS and DynamoDB.
//
//	scripts/emulators/emulators exec go run ./localstack/run
//
// or against other emulators, with AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3,
// AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL_DYNAMODB set. It makes the bucket, the
// tables and the queues, or takes those that scripts/provision has made and named.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyrocumulus/pyrocumulus/localstack/stack"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

func main() {
	c := stack.Config{Logs: os.Stderr, Ready: func(url, invokeURL string) {
		fmt.Printf("Pyrocumulus serves on %s, and Lambda's Invoke API on %s.\n", url, invokeURL)
	}}
	flag.StringVar(&c.Listen, "listen", "127.0.0.1:4040", "`address` to serve on")
	flag.StringVar(&c.Invoke, "invoke", "127.0.0.1:0", "`address` of Lambda's Invoke API; a free port by default")
	flag.StringVar(&c.Bootstraps, "bootstraps", "", "`folder` of the bootstraps (go run ./scripts/build -native -out folder); they are built if it is not given")
	flag.StringVar(&c.Prefix, "prefix", "pyrocumulus", "what names of resources that it makes begin with")
	flag.DurationVar(&c.Period, "period", time.Minute, "how often scheduled functions are started")
	flag.Parse()
	if err := run(c); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(c stack.Config) error {
	c.Log = telemetry.NewLogger(os.Stderr, slog.LevelInfo)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	set, err := stack.FindEmulators(os.LookupEnv)
	if err != nil {
		return err
	}
	return stack.Run(ctx, set, c)
}
