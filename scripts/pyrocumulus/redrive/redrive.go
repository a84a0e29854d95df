// Package redrive is the command that moves dead letters, which are messages that
// crashed whoever received them again and again, back to the queue of profiles.
package redrive

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/progress"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/redrive"
)

const help = `A profile that cannot be read does not become a dead letter: the segment function
stores it under poison/ and deletes it. Dead letters are what crashed the function
again and again, so find out first why (its log says), and deploy what mends it.

It may be stopped at any moment, and run again: each message is deleted from the
dead letters after the queue has it. Messages keep their group. What had been
stored before it became a dead letter is not stored again.

Region, credentials and AWS_ENDPOINT_URL are those of the environment, as with
every AWS tool. Needed are sqs:GetQueueAttributes and sqs:GetQueueUrl, of the
dead letters sqs:ReceiveMessage, sqs:ChangeMessageVisibility and
sqs:DeleteMessage, and of the queue sqs:SendMessage.`

// Command moves dead letters.
func Command() *command.Command {
	return &command.Command{
		Name: "redrive", Short: "move dead letters back to the queue, on AWS", Long: help,
		Examples: []string{"redrive -queue URL -dry-run", "redrive -queue URL -max 10", "redrive -queue URL"},
		JSON: `{"queue": {"url": "https://sqs.eu-central-1.amazonaws.com/123456789012/profiles.fifo", "waiting": 0, "inFlight": 0},
 "deadLetters": {"url": "https://sqs.eu-central-1.amazonaws.com/123456789012/profiles-dead.fifo", "waiting": 12, "inFlight": 0},
 "moved": 12, "left": 0, "failed": 0}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			m := mover{env: env}
			flags.StringVar(&m.queue, "queue", env.Get(config.EnvQueueURL), "`URL` of the queue; "+config.EnvQueueURL)
			flags.StringVar(&m.letters, "dead-letters", "", "`URL` of the queue of dead letters; by default the one that the queue names")
			flags.BoolVar(&m.dry, "dry-run", false, "count only: nothing is received, sent or deleted")
			flags.IntVar(&m.most, "max", 0, "move so many messages at most; 0 for all")
			flags.DurationVar(&m.wait, "wait", 3*time.Second, "how long to wait for more before it is done, up to 20s")
			m.asJSON, m.quiet = command.JSONFlag(flags), progress.QuietFlag(flags)
			return command.Action{Run: m.run}
		},
	}
}

// mover is what flags say.
type mover struct {
	env            *command.Env
	queue, letters string
	dry            bool
	most           int
	wait           time.Duration
	asJSON, quiet  *bool
}

// moved is what was there, and what became of it.
type moved struct {
	Queue       waiting `json:"queue"` // both before
	DeadLetters waiting `json:"deadLetters"`
	Moved       int     `json:"moved"`
	Left        int     `json:"left"` // on the queue, and still dead letters
	Failed      int     `json:"failed"`
}

func (m *mover) run(ctx context.Context, args []string) error {
	if err := m.check(args); err != nil {
		return err
	}
	cfg, err := sdkconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("load the configuration of the AWS SDK: %w", err)
	}
	client := sqs.NewFromConfig(cfg)
	if m.letters == "" {
		if m.letters, err = deadLettersOf(ctx, client, m.queue); err != nil {
			return err
		}
	}
	var done moved
	if done.Queue, err = countOf(ctx, client, m.queue); err != nil {
		return err
	}
	if done.DeadLetters, err = countOf(ctx, client, m.letters); err != nil {
		return err
	}
	if !*m.asJSON {
		done.Queue.print(m.env.Stdout, "queue")
		done.DeadLetters.print(m.env.Stdout, "dead letters")
	}
	if !m.dry {
		err = m.move(ctx, client, &done)
	}
	if *m.asJSON {
		return cmp.Or(err, m.env.JSON(done))
	}
	if !m.dry {
		done.print(m.env.Stdout)
	}
	return err
}

func (m *mover) check(args []string) error {
	switch {
	case len(args) > 0:
		return command.NoArgs(args)
	case m.queue == "":
		return command.Usagef("which queue? name its URL with -queue or %s", config.EnvQueueURL)
	case strings.Contains(m.queue, ","):
		return command.Usagef("there are several queues: name the URL of one with -queue")
	case m.most < 0:
		return command.Usagef("-max %d, want 0 or more", m.most)
	case m.wait < 0 || m.wait > queue.MaxWait:
		return command.Usagef("-wait %s, want 0s to %s", m.wait, queue.MaxWait)
	}
	return nil
}

func (m *mover) move(ctx context.Context, client *sqs.Client, done *moved) error {
	total := done.DeadLetters.Waiting
	if m.most > 0 {
		total = min(total, m.most)
	}
	report := progress.New(m.env, !*m.asJSON && !*m.quiet)
	defer report.End()
	report.Update("moved", 0, total)
	mv := redrive.Mover{
		From: sqsqueue.New(client, m.letters), To: sqsqueue.New(client, m.queue), Wait: m.wait,
		Progress: func(c redrive.Counts) { report.Update("moved", c.Moved, max(total, c.Moved)) },
	}
	counts, err := mv.Move(ctx, m.most)
	done.Moved, done.Left, done.Failed = counts.Moved, counts.Left, counts.Failed
	if err != nil {
		err = fmt.Errorf("%w; run it again to go on", err)
	}
	return err
}

func (d moved) print(out io.Writer) {
	fmt.Fprintf(out, "moved: %d\n", d.Moved)
	if d.Left > 0 {
		fmt.Fprintf(out, "on the queue, and still dead letters: %d; the next run deletes them\n", d.Left)
	}
	if d.Failed > 0 {
		fmt.Fprintf(out, "could not be sent: %d\n", d.Failed)
	}
}
