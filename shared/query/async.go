package query

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// AsyncKind is the kind of the records of queries that run on their own: the key
// is the id, the value an asyncQuery.
const AsyncKind records.Kind = "async-query"

const (
	// AsyncTime is how long a query may take that nobody waits for: what Lambda
	// gives a function, but for the time to store the answer.
	AsyncTime = 14 * time.Minute
	// asyncGrace is how much later a worker may begin than it was asked to.
	asyncGrace = 2 * time.Minute
	// AsyncKept is how long an answer can be asked for since its query began, as
	// with Pyroscope.
	AsyncKept = 30 * time.Minute
	// AsyncQueries is how many a tenant may have under way, as with Pyroscope.
	// Several that begin at the same moment may be some more.
	AsyncQueries = 5
)

// AsyncDeps are what queries need that run on their own.
type AsyncDeps struct {
	Starter querybackend.Starter
	Store   objstore.Reader // where replies are put
	Records records.Store
}

// asyncQuery is what is known of a query that runs on its own.
type asyncQuery struct {
	Request []byte   `json:"request"` // querier.v1.SelectMergeStacktracesRequest
	Task    []byte   `json:"task"`    // wire form
	Blocks  int      `json:"blocks"`
	Replies []string `json:"replies"`  // keys of the replies of its workers
	BeganAt int64    `json:"began_at"` // Unix milliseconds
}

// async answers a request that begins a query or asks how far one is. It is not
// done if the request is to be answered as any other.
func (h *Handler) async(ctx context.Context, req *connect.Request[querierv1.SelectMergeStacktracesRequest]) (res *querierv1.SelectMergeStacktracesResponse, done bool, err error) {
	a := req.Msg.GetAsync()
	if h.Async == nil || a == nil || a.RequestId == "" && a.Type != querierv1.AsyncQueryType_ASYNC_QUERY_TYPE_FORCE {
		return nil, false, nil
	}
	tenants, err := h.tenants.Tenants(req.Header())
	if err != nil {
		return nil, true, err
	}
	if len(tenants) != 1 {
		return nil, true, invalid("an asynchronous query is about one tenant, not %d", len(tenants))
	}
	telemetry.SetTenant(ctx, string(tenants[0]))
	if a.RequestId != "" {
		res, err = h.poll(ctx, req, tenants[0], a.RequestId)
	} else {
		res, err = h.start(ctx, req, tenants[0])
	}
	return res, true, err
}

// start begins a query.
func (h *Handler) start(ctx context.Context, req *connect.Request[querierv1.SelectMergeStacktracesRequest], tenant profile.TenantID) (*querierv1.SelectMergeStacktracesResponse, error) {
	q, err := h.parseStackQuery(req.Header(), req.Msg)
	if err != nil {
		return nil, err
	}
	want, err := q.wants(req.Msg.Format)
	if err != nil {
		return nil, err
	}
	if err := h.mayStart(ctx, tenant); err != nil {
		return nil, err
	}
	found, err := h.find(ctx, q.tenants, q.query.From, q.query.To)
	if err != nil {
		return nil, err
	}
	task := engine.Task{Want: want, Query: q.query}
	found.restrict(&task)
	limits := h.settings.Fanout.Limits
	limits.InlineBytes = -1 // all by workers
	plan := fanout.NewPlan(limits, &task, found.blocks)
	accountOf(ctx).look(plan.NumBlocks)
	id := rand.Text()
	x := asyncQuery{Task: task.Append(nil), Blocks: plan.NumBlocks, BeganAt: h.Now().UnixMilli()}
	for i := range plan.Shards {
		x.Replies = append(x.Replies, querybackend.AnswerKey(tenant, "async-"+id+"-"+strconv.Itoa(i)))
	}
	msg := proto.Clone(req.Msg).(*querierv1.SelectMergeStacktracesRequest)
	msg.Async = nil
	if x.Request, err = proto.Marshal(msg); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	value, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("encode query: %w", err)
	}
	// First, so that what runs counts.
	record := records.Record{Name: asyncName(tenant, id), Value: value, Expires: h.Now().Add(AsyncKept)}
	if _, err := h.Async.Records.Put(ctx, record); err != nil {
		return nil, fmt.Errorf("record asynchronous query: %w", err)
	}
	for i, s := range plan.Shards {
		r := &querybackend.Request{Tenant: tenant, Query: telemetry.RequestID(ctx), Task: task, Blocks: s.Blocks}
		if err := h.Async.Starter.Start(ctx, r, x.Replies[i], AsyncTime); err != nil {
			return nil, fmt.Errorf("start asynchronous query: %w", err)
		}
	}
	telemetry.Annotate(ctx, slog.String("async", id), slog.Int("started", len(plan.Shards)))
	return asyncStatus(id, querierv1.AsyncQueryStatus_ASYNC_QUERY_STATUS_IN_PROGRESS, ""), nil
}

func asyncName(tenant profile.TenantID, id string) records.Name {
	return records.Name{Tenant: tenant, Kind: AsyncKind, Key: id}
}

func asyncStatus(id string, s querierv1.AsyncQueryStatus, message string) *querierv1.SelectMergeStacktracesResponse {
	return &querierv1.SelectMergeStacktracesResponse{
		Async: &querierv1.AsyncQueryResponse{RequestId: id, Status: s, ErrorMessage: message},
	}
}

// mayStart refuses a tenant that has too many queries under way.
func (h *Handler) mayStart(ctx context.Context, tenant profile.TenantID) error {
	all, err := h.Async.Records.List(ctx, tenant, AsyncKind)
	if err != nil {
		return fmt.Errorf("list asynchronous queries: %w", err)
	}
	running := 0
	for i := range all {
		var x asyncQuery
		if err := json.Unmarshal(all[i].Value, &x); err != nil {
			return fmt.Errorf("read asynchronous query %s: %w", all[i].Key, err)
		}
		still, err := h.isRunning(ctx, &x)
		if err != nil {
			return err
		}
		if still {
			running++
		}
	}
	if running < AsyncQueries {
		return nil
	}
	telemetry.MetricsFrom(ctx).Add(telemetry.MetricQueriesRefused, 1)
	return connect.NewError(connect.CodeResourceExhausted, fmt.Errorf(
		"%d asynchronous queries of this tenant are under way, which is the limit; ask again when one has ended", running))
}

// isRunning reports whether a reply may still come.
func (h *Handler) isRunning(ctx context.Context, x *asyncQuery) (bool, error) {
	if h.isLate(x) {
		return false, nil
	}
	for _, key := range x.Replies {
		switch _, err := h.Async.Store.GetRange(ctx, key, 0, 1); {
		case errors.Is(err, objstore.ErrNotExist):
			return true, nil
		case err != nil:
			return false, fmt.Errorf("look for the reply of an asynchronous query: %w", err)
		}
	}
	return false, nil
}

func (h *Handler) isLate(x *asyncQuery) bool {
	return h.Now().Sub(time.UnixMilli(x.BeganAt)) > AsyncTime+asyncGrace
}
