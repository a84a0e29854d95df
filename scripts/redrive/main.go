// Command redrive moves dead letters, which are messages that crashed whoever
// received them again and again, back to the queue of profiles.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/redrive"
)

const usage = `Move dead letters back to the queue of profiles:

	go run ./scripts/redrive --dry-run     tell how many there are
	go run ./scripts/redrive --max 10      move ten, and see what becomes of them
	go run ./scripts/redrive               move all

A profile that cannot be read does not become a dead letter: the segment function
stores it under poison/ and deletes it. Dead letters are what crashed the function
again and again, so find out first why (its log says), and deploy what mends it.

It may be stopped at any moment, and run again: each message is deleted from the
dead letters after the queue has it. Messages keep their group. What had been
stored before it became a dead letter is not stored again.

Region, credentials and AWS_ENDPOINT_URL are those of the environment, as with
every AWS tool. Needed are sqs:GetQueueAttributes and sqs:GetQueueUrl, of the
dead letters sqs:ReceiveMessage, sqs:ChangeMessageVisibility and
sqs:DeleteMessage, and of the queue sqs:SendMessage.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "redrive: stopped; run it again to go on")
		os.Exit(1)
	default:
		fmt.Fprintln(os.Stderr, "redrive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("redrive", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	queueURL := flags.String("queue", os.Getenv("PYROCUMULUS_QUEUE_URL"), "`URL` of the queue; by default that of PYROCUMULUS_QUEUE_URL")
	lettersURL := flags.String("dead-letters", "", "`URL` of the queue of dead letters; by default the one that the queue names")
	dry := flags.Bool("dry-run", false, "count only: nothing is received, sent or deleted")
	limit := flags.Int("max", 0, "move so many messages at most; 0 for all")
	wait := flags.Duration("wait", 3*time.Second, "how long to wait for more before it is done, up to 20s")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("%q is no option; -h explains them", flags.Arg(0))
	case *queueURL == "":
		return errors.New("which queue? set --queue or PYROCUMULUS_QUEUE_URL")
	case *limit < 0 || *wait < 0 || *wait > queue.MaxWait:
		return fmt.Errorf("--max must be 0 or more, and --wait from 0s to %s", queue.MaxWait)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("load the configuration of the AWS SDK: %w", err)
	}
	client := sqs.NewFromConfig(cfg)
	if *lettersURL == "" {
		if *lettersURL, err = deadLettersOf(ctx, client, *queueURL); err != nil {
			return err
		}
	}
	if err := tellCounts(ctx, client, out, *queueURL, *lettersURL); err != nil || *dry {
		return err
	}
	last := time.Time{}
	m := redrive.Mover{
		From: sqsqueue.New(client, *lettersURL), To: sqsqueue.New(client, *queueURL), Wait: *wait,
		Progress: func(c redrive.Counts) {
			if now := time.Now(); now.Sub(last) >= time.Second {
				last = now
				fmt.Fprintln(progress, "moved", c.Moved)
			}
		},
	}
	counts, err := m.Move(ctx, *limit)
	fmt.Fprintf(out, "moved: %d\n", counts.Moved)
	if counts.Left > 0 {
		fmt.Fprintf(out, "on the queue, and still dead letters: %d; the next run deletes them\n", counts.Left)
	}
	if counts.Failed > 0 {
		fmt.Fprintf(out, "could not be sent: %d\n", counts.Failed)
	}
	return err
}
