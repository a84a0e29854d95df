// Package segment drains the queue: it gathers the profiles of thousands of
// messages and stores them as segments, blocks of level 0, one for each tenant
// and flush.
//
// Nothing is lost and nothing is counted twice, whatever call fails and
// wherever the process dies, because of the order of steps: write the object,
// write the index row, delete the messages. What was committed and not deleted
// is received again, recognised by its profile id among what was committed,
// and dropped. So is what a client pushes again after the queue's deduplication
// window, unless its clock is minutes ahead of ours.
//
// A drainer writes only what it holds: messages that nobody else can receive
// before the write is over (hold.go). It hides them for longer while a flush is
// slow, and leaves them to others if it cannot. What remains is a write that
// takes effect more than a quarter of the visibility timeout after its caller
// has given up; merging drops what is then stored twice.
package segment

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// Settings say how a drainer works.
type Settings struct {
	// FlushInterval is how long messages are gathered before they are
	// written: a profile can be queried about this long after it was pushed.
	FlushInterval time.Duration
	// FlushBytes ends the gathering early: bytes of message bodies.
	FlushBytes int64
	// DrainTime is how long a run goes on while there are messages.
	DrainTime time.Duration
	// IdleWait is how long a run waits for a first message before it ends.
	IdleWait time.Duration
	// Visibility is how long a received message is hidden from others; it must
	// be several times FlushInterval. A call may take a quarter of it.
	Visibility time.Duration
	// Receivers is how many receive calls run at once while there is much to
	// receive.
	Receivers int
}

// DefaultSettings are those of a function on AWS.
func DefaultSettings() Settings {
	return Settings{
		FlushInterval: 10 * time.Second, FlushBytes: 16 << 20, DrainTime: 55 * time.Second,
		IdleWait: 2 * time.Second, Visibility: 90 * time.Second, Receivers: 8,
	}
}

// Index is what a drainer needs of the block index; blockindex.Index has it.
type Index interface {
	Insert(ctx context.Context, row blockindex.Row) error
	Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error)
}

// Deps are what a drainer works with.
type Deps struct {
	Queue queue.Receiver
	Store interface {
		objstore.Reader
		objstore.Writer
	}
	Index  Index
	Blocks *block.Reader // reads from Store
	Codec  *envelope.Codec
	Now    func() time.Time
	Log    *slog.Logger
	// NewID makes the ids of segments; nil makes random ULIDs of the time.
	NewID func(time.Time) string
	// Sleep waits between attempts; nil is time.Sleep.
	Sleep func(time.Duration)
}

// Drainer moves profiles from the queue to the store.
type Drainer struct {
	settings Settings
	Deps
}

// New returns a drainer.
func New(s Settings, d Deps) *Drainer {
	if d.NewID == nil {
		d.NewID = func(t time.Time) string { return ulid.MustNew(ulid.Timestamp(t), rand.Reader).String() }
	}
	if d.Sleep == nil {
		d.Sleep = time.Sleep
	}
	return &Drainer{settings: s, Deps: d}
}

// Stats is what a run did.
type Stats struct {
	Messages   int   // taken off the queue for good
	Profiles   int64 // stored: one for each series of a message
	Segments   int
	Bytes      int64 // of the segments
	Duplicates int   // messages that were dropped because they were stored before
	Poison     int   // messages that were set aside because they cannot be read
	Failed     int   // messages that were left for later because of an error
}

// Add adds what another run did.
func (s *Stats) Add(o Stats) {
	s.Messages += o.Messages
	s.Profiles += o.Profiles
	s.Segments += o.Segments
	s.Bytes += o.Bytes
	s.Duplicates += o.Duplicates
	s.Poison += o.Poison
	s.Failed += o.Failed
}
