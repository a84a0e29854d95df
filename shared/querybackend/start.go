package querybackend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// Starter begins to answer requests whose answers nobody waits for. It is a
// part of the contract beside Backend, with the guarantees Equality, Honesty,
// Tenancy, Size and Concurrency of that, and two more:
//
//   - The reply is put into the object store under the key, which must be below
//     AnswerPrefix of the tenant and never used before: an answer, or why there
//     is none. If the process dies that answers, there will be none.
//   - Start returns when the request was taken on. An error leaves it unknown
//     whether it was.
type Starter interface {
	Start(ctx context.Context, r *Request, key string, timeout time.Duration) error
}

// MaxEventBytes is the most bytes of a request in the payload of an asynchronous
// invocation, which Lambda limits to 1 MB; larger ones are put into the object
// store.
const MaxEventBytes = 512 << 10

// RequestSuffix is what the key of a request has behind that of its reply.
const RequestSuffix = ".request"

// NewStartedCall makes the call of a request that is to be started, and puts the
// request into the store if it is large.
func NewStartedCall(ctx context.Context, store objstore.Putter, r *Request, key string, timeout time.Duration) (Call, error) {
	c := Call{Request: r.Append(nil), Query: r.Query, TimeoutMillis: timeout.Milliseconds(), ReplyKey: key}
	if len(c.Request) <= MaxEventBytes {
		return c, nil
	}
	if err := store.Put(ctx, key+RequestSuffix, c.Request); err != nil {
		return c, fmt.Errorf("store a request of %d bytes: %w", len(c.Request), err)
	}
	c.Request, c.RequestKey = nil, key+RequestSuffix
	return c, nil
}

// OpenStarted returns the answer to a request that was started, or the error
// objstore.ErrNotExist if there is none yet.
func OpenStarted(ctx context.Context, store objstore.Reader, asked *Request, key string) (*Answer, error) {
	if !strings.HasPrefix(key, AnswerPrefix(asked.Tenant)) {
		return nil, fmt.Errorf("%w: reply at %q, not below %s", ErrWorker, key, AnswerPrefix(asked.Tenant))
	}
	body, err := store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	var reply Reply
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, fmt.Errorf("%w: decode reply: %w", ErrWorker, err)
	}
	a, err := reply.Open(ctx, store, asked)
	if errors.Is(err, objstore.ErrNotExist) { // not to be taken for one that is not there yet
		err = fmt.Errorf("%w: its answer is gone", ErrWorker)
	}
	return a, err
}
