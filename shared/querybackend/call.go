package querybackend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Call is a request on its way to a worker. As JSON it is the payload of an
// invocation.
type Call struct {
	Request []byte `json:"request"` // wire form
	// TimeoutMillis is how long the answer is waited for; 0 is without end. A
	// span, for clocks differ.
	TimeoutMillis int64  `json:"timeout_ms,omitempty"`
	Query         string `json:"query,omitempty"` // id of the query, for logs
	// RequestKey is the object that has the request, if it is not here.
	RequestKey string `json:"request_key,omitempty"`
	// ReplyKey is where to put the reply, which nobody waits for; see Starter.
	ReplyKey string `json:"reply_key,omitempty"`
}

// Reply is what a worker returns: one of the fields.
type Reply struct {
	Answer []byte   `json:"answer,omitempty"` // wire form
	Key    string   `json:"key,omitempty"`    // of the object that has it
	Failed *Failure `json:"failed,omitempty"`
}

// Failure is why a worker has no answer. A worker that dies has none.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"` // of the inside, for logs
}

// Codes of failures.
const (
	CodeRequest = "bad_request"
	CodePoints  = "too_many_points"
	CodeTime    = "out_of_time"
	CodeFailed  = "failed"
)

// NewCall makes the call of a request, with the time that the context leaves.
// now is the clock.
func NewCall(ctx context.Context, r *Request, now func() time.Time) (Call, error) {
	c := Call{Request: r.Append(nil), Query: r.Query}
	if len(c.Request) > MaxRequestBytes {
		return c, fmt.Errorf("%w: %d bytes for %d blocks", ErrTooLarge, len(c.Request), len(r.Blocks))
	}
	if err := ctx.Err(); err != nil {
		return c, fmt.Errorf("ask query worker: %w", context.Cause(ctx))
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.TimeoutMillis = max(1, deadline.Sub(now()).Milliseconds())
	}
	return c, nil
}

// answersFolder is where the objects of large answers lie below a tenant.
const answersFolder = "/answers/"

// AnswerKey returns the key of the object of a large answer. The id must be a
// new one for each.
func AnswerKey(tenant profile.TenantID, id string) string { return AnswerPrefix(tenant) + id }

// AnswerPrefix is what the keys of all large answers of a tenant begin with.
func AnswerPrefix(tenant profile.TenantID) string { return string(tenant) + answersFolder }

// Open returns the answer in a reply, from the store if it went there.
func (r *Reply) Open(ctx context.Context, store objstore.Reader, asked *Request) (*Answer, error) {
	body := r.Answer
	switch {
	case r.Failed != nil:
		return nil, r.Failed.error()
	case r.Key != "":
		if !strings.HasPrefix(r.Key, AnswerPrefix(asked.Tenant)) {
			return nil, fmt.Errorf("%w: its answer is at %q, not below %s", ErrWorker, r.Key, AnswerPrefix(asked.Tenant))
		}
		var err error
		if body, err = store.Get(ctx, r.Key); err != nil {
			return nil, fmt.Errorf("%w: fetch its answer: %w", ErrWorker, err)
		}
	}
	return ParseAnswer(body, asked.Task)
}

func (f *Failure) error() error {
	switch f.Code {
	case CodeRequest:
		return fmt.Errorf("%w: %s", ErrRequest, f.Message)
	case CodePoints:
		return engine.ErrTooManyPoints
	case CodeTime:
		return fmt.Errorf("%w: %s: %w", ErrWorker, f.Message, context.DeadlineExceeded)
	}
	return fmt.Errorf("%w: %s", ErrWorker, f.Message)
}

// NewFailure tells an error of a worker to who has asked.
func NewFailure(err error) *Failure {
	f := &Failure{Code: CodeFailed, Message: err.Error()}
	switch {
	case errors.Is(err, ErrRequest):
		f.Code = CodeRequest
	case errors.Is(err, engine.ErrTooManyPoints):
		f.Code = CodePoints
	case errors.Is(err, context.DeadlineExceeded):
		f.Code = CodeTime
	}
	return f
}
