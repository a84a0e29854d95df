// Package lambdabackend is the query backend on AWS Lambda: a request is a
// synchronous invocation of the worker function.
//
// Lambda has no way to end an invocation: one that nobody waits for any more
// ends when the time is up that it was given.
package lambdabackend

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
)

// Client is the part of the SDK's client that is used; *lambda.Client has it.
type Client interface {
	Invoke(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Backend is a query backend. It may be used by many goroutines.
type Backend struct {
	client   Client
	function string
	store    Store
	now      func() time.Time
}

var (
	_ querybackend.Backend = (*Backend)(nil)
	_ querybackend.Starter = (*Backend)(nil)
)

// Store is the part of an object store that is used.
type Store interface {
	objstore.Reader
	objstore.Putter
}

// New returns a backend that invokes the function of this name or ARN; large
// answers come by way of the store.
func New(client Client, function string, store Store, now func() time.Time) *Backend {
	return &Backend{client, function, store, now}
}

// Ask implements querybackend.Backend.
func (b *Backend) Ask(ctx context.Context, r *querybackend.Request) (*querybackend.Answer, error) {
	call, err := querybackend.NewCall(ctx, r, b.now)
	if err != nil {
		return nil, err
	}
	reply, err := b.invoke(ctx, call)
	if err == nil {
		var a *querybackend.Answer
		if a, err = reply.Open(ctx, b.store, r); err == nil {
			return a, nil
		}
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("ask query worker: %w (%w)", context.Cause(ctx), err)
	}
	return nil, err
}

func (b *Backend) invoke(ctx context.Context, call querybackend.Call) (reply querybackend.Reply, err error) {
	payload, err := json.Marshal(call)
	if err != nil {
		return reply, fmt.Errorf("encode call: %w", err)
	}
	out, err := b.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(b.function), InvocationType: types.InvocationTypeRequestResponse, Payload: payload,
	})
	if err != nil {
		return reply, fmt.Errorf("%w: invoke %s: %w", querybackend.ErrWorker, b.function, err)
	}
	if out.FunctionError != nil { // it panicked, ran out of time or memory
		return reply, fmt.Errorf("%w: %s: %.500s", querybackend.ErrWorker, *out.FunctionError, out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &reply); err != nil {
		return reply, fmt.Errorf("%w: decode reply: %w", querybackend.ErrWorker, err)
	}
	return reply, nil
}

// Start implements querybackend.Starter by an asynchronous invocation, which
// Lambda queues and, as the function is deployed, tries once.
func (b *Backend) Start(ctx context.Context, r *querybackend.Request, key string, timeout time.Duration) error {
	call, err := querybackend.NewStartedCall(ctx, b.store, r, key, timeout)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(call)
	if err != nil {
		return fmt.Errorf("encode call: %w", err)
	}
	if _, err := b.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: aws.String(b.function), InvocationType: types.InvocationTypeEvent, Payload: payload,
	}); err != nil {
		return fmt.Errorf("%w: start %s: %w", querybackend.ErrWorker, b.function, err)
	}
	return nil
}
