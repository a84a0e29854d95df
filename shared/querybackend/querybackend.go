// Package querybackend is the contract with the query backend: whoever answers
// a task from some of the blocks of a query. A query that is too much for one
// process is divided into such requests (package fanout), and the answers are
// merged.
//
// It is cut to what a synchronous invocation of AWS Lambda gives: one request,
// one answer, at most 6 MB each way, no way to call an invocation back.
// Adapters translate and nothing more: they neither retry (beyond what the SDK
// does) nor divide. What answers behind them is package queryworker. The suite
// in querybackendtest checks every sentence of this page.
//
// Guarantees, of every adapter:
//
//   - Equality. The report is that of engine.Run for the task and the blocks
//     but those that the answer names as gone or failed: in all that is
//     rendered, the same bytes.
//   - Honesty. A block that could not be read is named in the answer, as gone
//     if there is no such object, else as failed; or Ask fails. It is never
//     left out silently.
//   - Tenancy. A request is of one tenant. One that names a block of another
//     is ErrRequest, and no byte of that block is read.
//   - Repetition. Asking changes nothing that another request sees. The same
//     request may be asked many times, also at once.
//   - Size. A request whose wire form is larger than MaxRequestBytes is
//     ErrTooLarge. An answer may have any size: one that is too large to come
//     back goes through the object store (see AnswerKey), where it is garbage
//     from the moment that it was read.
//   - Limits. A task that makes too many points is engine.ErrTooManyPoints.
//   - Cancellation. When the context ends, Ask returns early with an error that
//     wraps context.Cause(ctx). The work behind it stops at once, or when the
//     time is up that the context's deadline gave it when it was asked.
//   - Concurrency. Ask may be called from many goroutines.
package querybackend

import (
	"context"
	"errors"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

// MaxRequestBytes is the largest wire form of a request: with base64 and what
// stands around it, it stays below the 6 MB that Lambda takes.
const MaxRequestBytes = 4 << 20

// MaxInlineBytes is the most bytes of an answer that can come back without the
// object store, for the same reason.
const MaxInlineBytes = 4_600_000

// Errors that callers tell apart with errors.Is.
var (
	// ErrRequest: the request is malformed or not to be answered.
	ErrRequest = errors.New("bad request to the query backend")
	// ErrTooLarge: the request has more than MaxRequestBytes.
	ErrTooLarge = errors.New("request to the query backend is too large")
	// ErrWorker: what answers failed or died. Asking again may succeed.
	ErrWorker = errors.New("query worker failed")
)

// Request asks for the answer to a task from some blocks.
type Request struct {
	Tenant profile.TenantID
	// Query is the id of the query that the request is part of, for logs.
	Query string
	Task  engine.Task
	// Blocks may lack datasets that the task does not need.
	Blocks []*block.Meta
}

// Answer is the answer to a request.
type Answer struct {
	Report *engine.Report
	// Gone and Failed are the ids of the blocks that the report lacks, sorted.
	Gone, Failed []string
	// Archived are likewise those that have to be restored before they can be
	// read, see objstore.ErrArchived.
	Archived []string
	Stats    Stats
}

// Stats is what an answer took.
type Stats struct {
	readstats.Counts
	CPU time.Duration // of the process meanwhile; 0 if it is the caller's own
}

// Backend answers requests.
type Backend interface {
	Ask(ctx context.Context, r *Request) (*Answer, error)
}
