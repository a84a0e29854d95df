package assembly

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/adhoc"
	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queryworker"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/settings"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
	"github.com/pyrocumulus/pyrocumulus/shared/tenancy"
)

// newEngine returns an engine whose reads are counted, and kept in memory.
func newEngine(store objstore.Reader, memory *bytecache.Cache) (*engine.Engine, error) {
	blocks, err := block.NewReader(bytecache.NewReader(readstats.Reader(store), memory))
	if err != nil {
		return nil, err
	}
	return engine.New(blocks), nil
}

// QueryParts are what the query function works with.
type QueryParts struct {
	Store   ReadPutter
	Index   query.Index
	Records records.Store
	Workers querybackend.Backend
	Starter querybackend.Starter // of queries that nobody waits for
	// Memory is what the process keeps of what it has read; nil is one of its
	// own.
	Memory *bytecache.Cache
}

// Query returns the query function. It divides large queries over the workers.
func Query(h Host, c config.Query, p QueryParts) (lambdahost.HTTPFunc, error) {
	memory := p.Memory
	if memory == nil {
		memory = bytecache.New(c.CacheBytes)
	}
	e, err := newEngine(p.Store, memory)
	if err != nil {
		return nil, fmt.Errorf("assemble query: %w", err)
	}
	var results *resultcache.Cache
	if c.Results {
		results = resultcache.New(resultcache.DefaultSettings(), p.Store, memory, h.Now, h.Log)
	}
	async := &query.AsyncDeps{Starter: p.Starter, Store: p.Store, Records: p.Records}
	version, revision := buildInfo()
	queries := query.New(query.Settings{
		Multitenancy: c.Auth.Multitenancy(), MaxNodesDefault: int64(c.MaxNodesDefault), MaxNodesMax: int64(c.MaxNodesMax),
		Timeout: c.Timeout, Lookback: c.Lookback, Fanout: fanoutSettings(c), Version: version, Revision: revision,
	}, query.Deps{
		Index: p.Index, Engine: e, Backend: p.Workers, Results: results, Async: async, CPU: telemetry.CPUTime,
		Retention: retention.Reader{Store: p.Records, Default: c.Retention}, Now: h.Now, Log: h.Log,
	})
	tenants := tenancy.Resolver{Multi: c.Auth.Multitenancy()}
	preferences := settings.New(tenants, settings.Deps{Records: p.Records, Now: h.Now, Log: h.Log})
	files := adhoc.New(adhoc.Settings{
		Tenants: tenants, MaxNodesDefault: int64(c.MaxNodesDefault), MaxNodesMax: int64(c.MaxNodesMax),
	}, adhoc.Deps{Store: p.Store, Records: p.Records, Now: h.Now, Log: h.Log})
	admin := &retention.API{
		Tenants: tenants, Admin: retention.Admin{Store: p.Records, Default: c.Retention, Now: h.Now}, Log: h.Log,
	}
	mux := newQueryMux(queries, preferences, files, admin)
	return lambdahost.HTTP(h.guarded(mux, c.Auth, p.Records, queryAccess), h.options("query")), nil
}

func fanoutSettings(c config.Query) fanout.Settings {
	s := fanout.Settings{
		Limits: fanout.Limits{
			InlineBytes: c.InlineBytes, WorkerBytes: c.WorkerBytes, WorkerBlocks: c.WorkerBlocks, MaxWorkers: c.MaxWorkers,
		},
		TurnLimits: fanout.TurnLimits{
			Concurrency: c.Concurrency, TenantConcurrency: c.TenantConcurrency, TenantQueries: c.TenantQueries,
		},
		WorkerTimeout: c.WorkerTimeout,
	}
	if !c.Auth.Multitenancy() { // there is nobody to leave room for
		s.TenantConcurrency = s.Concurrency
	}
	return s
}

// ReadPutter is the part of an object store that queries need.
type ReadPutter interface {
	objstore.Reader
	objstore.Putter
}

// QueryWorker returns the function query-worker, which answers parts of
// queries.
func QueryWorker(h Host, c config.QueryWorker, store ReadPutter) (lambdahost.CallFunc, error) {
	e, err := newEngine(store, bytecache.New(c.CacheBytes))
	if err != nil {
		return nil, fmt.Errorf("assemble query worker: %w", err)
	}
	worker := queryworker.New(queryworker.Settings{AnswerBytes: c.AnswerBytes}, queryworker.Deps{
		Engine: e, Store: store, CPU: telemetry.CPUTime, Log: h.Log,
		NewID: func() string { return ulid.MustNew(ulid.Timestamp(h.Now()), ulid.DefaultEntropy()).String() },
	})
	return lambdahost.Call(func(ctx context.Context, event json.RawMessage) (any, error) {
		var call querybackend.Call
		if err := json.Unmarshal(event, &call); err != nil {
			return nil, fmt.Errorf("decode call: %w", err)
		}
		return worker.Answer(ctx, call)
	}, h.options("query-worker")), nil
}

// LocalWorker returns a query worker that is called within a process. What it
// returns has any size, its CPU time is the process's, and so is the memory.
func LocalWorker(h Host, store ReadPutter, memory *bytecache.Cache) (func(context.Context, querybackend.Call) (querybackend.Reply, error), error) {
	e, err := newEngine(store, memory)
	if err != nil {
		return nil, fmt.Errorf("assemble query worker: %w", err)
	}
	worker := queryworker.New(queryworker.Settings{}, queryworker.Deps{Engine: e, Store: store, Log: h.Log})
	return func(ctx context.Context, c querybackend.Call) (querybackend.Reply, error) {
		// As on Lambda, a worker is an invocation of its own: what it says of
		// itself is not for the line of who asks.
		own := telemetry.NewInvocation(telemetry.RequestID(ctx), nil)
		return worker.Answer(telemetry.WithInvocation(ctx, own), c)
	}, nil
}
