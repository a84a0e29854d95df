package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Errors of queries that run on their own, as clients see them.
var (
	errAsyncTime   = errors.New("query was not answered in time; ask for a shorter time range or fewer series")
	errAsyncWorker = errors.New("a worker of the query failed; ask again")
	errArchived    = errors.New("profiles of the query are archived; ask for a later time, or again when they are restored")
	errDeleted     = errors.New("a service was deleted while the query was under way; ask again")
)

// poll tells how far a query is: its answer if it has ended. An id that there is
// not, or that is another tenant's, is not_found.
func (h *Handler) poll(ctx context.Context, req *connect.Request[querierv1.SelectMergeStacktracesRequest], tenant profile.TenantID, id string) (*querierv1.SelectMergeStacktracesResponse, error) {
	name := asyncName(tenant, id)
	if name.Validate() != nil {
		return nil, unknownQuery()
	}
	record, err := h.Async.Records.Get(ctx, name)
	if errors.Is(err, records.ErrNotFound) {
		return nil, unknownQuery()
	}
	if err != nil {
		return nil, fmt.Errorf("look for asynchronous query: %w", err)
	}
	var x asyncQuery
	msg := &querierv1.SelectMergeStacktracesRequest{}
	if err := errors.Join(json.Unmarshal(record.Value, &x), proto.Unmarshal(x.Request, msg)); err != nil {
		return nil, fmt.Errorf("read asynchronous query %s: %w", id, err)
	}
	accountOf(ctx).look(x.Blocks)
	report, err := h.gather(ctx, tenant, &x)
	if deleted, readErr := h.isDeletedSince(ctx, tenant, time.UnixMilli(x.BeganAt)); deleted || readErr != nil {
		err = errors.Join(readErr, errDeleted)
	}
	switch {
	case errors.Is(err, objstore.ErrNotExist) && !h.isLate(&x):
		return asyncStatus(id, querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_IN_PROGRESS, ""), nil
	case ctx.Err() != nil:
		return nil, err
	case err != nil:
		return h.failed(ctx, tenant, id, err), nil
	}
	q, err := h.parseStackQuery(req.Header(), msg)
	if err != nil {
		return nil, err
	}
	q.ready = report
	res, err := h.selectStacktraces(ctx, q, msg.Format)
	if err != nil {
		return nil, err
	}
	res.Async = asyncStatus(id, querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_SUCCESS, "").Async
	return res, nil
}

func unknownQuery() error {
	return connect.NewError(connect.CodeNotFound, errors.New("there is no asynchronous query of this id, or no more"))
}

// gather merges the replies of all workers; the error is objstore.ErrNotExist if
// one is not there yet.
func (h *Handler) gather(ctx context.Context, tenant profile.TenantID, x *asyncQuery) (*engine.Report, error) {
	task, err := engine.ParseTask(x.Task)
	if err != nil {
		return nil, err
	}
	out := engine.NewReport(task.Want)
	asked := &querybackend.Request{Tenant: tenant, Task: task}
	var failed error
	for _, key := range x.Replies {
		a, err := querybackend.OpenStarted(ctx, h.Async.Store, asked, key)
		switch {
		case errors.Is(err, objstore.ErrNotExist):
			return nil, err
		case err != nil:
			failed = errors.Join(failed, err)
		case len(a.Archived) > 0:
			failed = errors.Join(failed, fmt.Errorf("%w: blocks %v", objstore.ErrArchived, a.Archived))
		case len(a.Gone)+len(a.Failed) > 0:
			failed = errors.Join(failed, fmt.Errorf("%w: blocks %v are gone, %v could not be read", querybackend.ErrWorker, a.Gone, a.Failed))
		default:
			out.Merge(a.Report)
			accountOf(ctx).gathered(a)
		}
	}
	return out, failed
}

// failed says that a query has failed, and why as far as the client may know.
func (h *Handler) failed(ctx context.Context, tenant profile.TenantID, id string, err error) *querierv1.SelectMergeStacktracesResponse {
	h.Log.LogAttrs(ctx, slog.LevelWarn, "asynchronous query failed", slog.String(telemetry.KeyTenant, string(tenant)),
		slog.String("async", id), telemetry.Err(err))
	message := errAsyncWorker
	if errors.Is(err, errDeleted) {
		message = errDeleted
	} else if errors.Is(err, objstore.ErrArchived) {
		message = errArchived
	} else if errors.Is(err, objstore.ErrNotExist) || errors.Is(err, context.DeadlineExceeded) {
		message = errAsyncTime
	}
	return asyncStatus(id, querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_FAILURE, message.Error())
}
