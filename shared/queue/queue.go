// Package queue is the contract with the queue that takes profiles in: first
// in, first out per group, at least once, with deduplication.
//
// It is cut to what Amazon SQS FIFO queues give in high-throughput mode.
// Adapters translate and nothing more: they neither batch nor retry, nor
// decide anything. The suite in queuetest checks every sentence of this page.
//
// Guarantees, of every adapter:
//
//   - Durability. A message whose Send succeeded survives the loss of the
//     process and the machine's restart, until it is deleted or older than
//     Retention.
//   - At least once. A received message is hidden for the visibility timeout.
//     If it is not deleted by then it is received again, with a receive count
//     one higher. What was in flight when a process died is received again
//     with a count of at least 2. So is, each time, what was moved back from
//     a queue of dead letters; see [RedriveID].
//   - Order. Messages of a group are received in the order of their sequence
//     numbers. While a message of a group is in flight no message of that
//     group is received by another Receive; one Receive may return several of
//     a group, in order. Groups do not wait for each other.
//   - Deduplication. A message with the group and deduplication id of one that
//     was sent within DedupWindow is accepted and not delivered, even when
//     that one has been deleted meanwhile. After the window it is a new one.
//   - Unknown outcome. An error leaves it unknown whether the call took place
//     for the entries concerned. Sending again within DedupWindow is safe, so
//     is deleting again.
//   - Concurrency. All methods may be called from many goroutines and
//     processes; a message is in flight with one receiver at a time.
package queue

import (
	"context"
	"errors"
	"time"
)

// Limits of SQS FIFO, which every adapter enforces.
const (
	MaxBatch           = 10               // entries of one call
	MaxBatchBytes      = 1 << 20          // of the bodies of one Send as they are counted; see BodyBytes
	MaxIDBytes         = 128              // of a group or a deduplication id
	MaxWait            = 20 * time.Second // of one Receive
	MaxVisibility      = 12 * time.Hour
	DedupWindow        = 5 * time.Minute
	Retention          = 4 * 24 * time.Hour
	MaxInFlightPerScan = 120_000 // messages that are looked at for free groups
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrBadEntry: a message or call that no adapter may accept: empty or too
	// large a body, a bad group or deduplication id, too many or no entries,
	// the same handle twice. Nothing of the call took place for that entry.
	ErrBadEntry = errors.New("bad queue entry")
	// ErrHandle: the receipt handle is not one of a message in flight, for
	// instance because its visibility timeout has passed. A late Delete must
	// not be taken for a success: the message will be received again.
	ErrHandle = errors.New("receipt handle is not in flight")
)

// Message is what is sent.
type Message struct {
	Group   string // 1 to MaxIDBytes letters, digits and ASCII punctuation
	DedupID string // likewise
	Body    []byte // 1 byte or more, any bytes
}

// BodyBytes is how much of MaxBatchBytes a message of n body bytes takes.
// Bodies may hold any bytes, while SQS takes text: they travel as base64.
func BodyBytes(n int) int { return (n + 2) / 3 * 4 }

// Delivery is a received message.
type Delivery struct {
	Message
	Handle   string // what Extend and Delete want; differs for each receive
	Sequence string // of equal length for all messages; grows within a group
	// Receives counts how often the message was received, this time included.
	// It is 1 only if this is certainly the first time.
	Receives int
	SentAt   time.Time // by the queue's clock
}

// Sender puts messages on the queue.
type Sender interface {
	// Send puts 1 to MaxBatch messages on the queue. The result is nil if all
	// of them are there. Otherwise it has an entry for each message, nil for
	// those that are there; some may be while others are not.
	Send(ctx context.Context, batch []Message) []error
}

// Receiver takes messages off the queue.
type Receiver interface {
	// Receive returns up to max (1 to MaxBatch) messages and hides them for
	// visibility (up to MaxVisibility). If none is free it waits up to wait
	// (up to MaxWait) for one; none is then no error. A cancelled context ends
	// the waiting with an error.
	Receive(ctx context.Context, max int, wait, visibility time.Duration) ([]Delivery, error)
	// Extend sets the visibility timeout of messages in flight anew, counted
	// from now; 0 makes them visible at once. Results are as for Send.
	Extend(ctx context.Context, handles []string, visibility time.Duration) []error
	// Delete removes messages for good. Results are as for Send. A handle whose
	// message was deleted already is a success.
	Delete(ctx context.Context, handles []string) []error
}

// Gauge tells how much is on a queue.
type Gauge interface {
	// Depth returns about how many messages wait to be received: those of
	// groups that wait for others of theirs count, those in flight do not. It
	// may be what was true a minute ago: nothing but how hard to work may
	// depend on it.
	Depth(ctx context.Context) (int, error)
}

// Queue is all of a queue.
type Queue interface {
	Sender
	Receiver
	Gauge
}

// First returns the first error of a result of Send, Extend or Delete.
func First(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
