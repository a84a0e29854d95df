// Package host runs every function in one process, on embedded storage: what
// `make run` starts. Requests pass the same API Gateway events as on AWS, and
// a loop takes the place of the schedule.
package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/boltqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
)

// Config says how the host runs.
type Config struct {
	Listen string // host:port
	Data   string // directory of all state
	// FlushInterval is how long profiles are gathered before they are written.
	FlushInterval time.Duration
	// Auth is how the tenant of a request is found; "" is what the environment
	// says.
	Auth config.Auth
	// Queues is how many queues there are, each with a drainer of its own, as a
	// large deployment has them; 0 is 1.
	Queues int
	// CompactInterval is how often blocks to merge are looked for; 0 is never.
	CompactInterval time.Duration
	// CompactWorkers is how many merges are under way at once.
	CompactWorkers int
	// SweepInterval is how often what nobody needs any more is deleted; 0 is
	// never.
	SweepInterval time.Duration
	// SweepDelay is how long blocks are kept that were merged; 0 is what the
	// environment says.
	SweepDelay time.Duration
	// SelfProfile sends the host's own profiles to itself.
	SelfProfile bool
	Lookup      config.Lookup // of environment variables, for all other settings
	Log         *slog.Logger
	// Ready is called with the base URL once requests are served; may be nil.
	Ready func(url string)
}

// Host is the running functions.
type Host struct {
	config  Config
	objects *filestore.Store
	index   *boltindex.Index
	queues  []*boltqueue.Queue
	jobs    *boltqueue.Queue
	records *boltrecords.Store
	workers *localbackend.Backend
	handler http.Handler

	drain, plan, sweep lambdahost.ScheduleFunc
	compact            lambdahost.MessageFunc
	jobLease           time.Duration
	auth               config.Auth // as it is in force
}

// Run serves until the context ends, then writes what is still gathered and
// returns. Whatever was answered with 200 survives also when the process is
// killed instead.
func Run(ctx context.Context, c Config) error {
	h, err := open(c)
	if err != nil {
		return err
	}
	defer h.close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (choose another with -listen): %w", c.Listen, err)
	}
	url := "http://" + listener.Addr().String()
	server := &http.Server{Handler: h.handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	drained := make(chan struct{})
	drainCtx, stopDraining := context.WithCancel(context.WithoutCancel(ctx))
	go func() { defer close(drained); h.drainLoops(drainCtx) }()
	tidyCtx, stopTidying := context.WithCancel(ctx)
	defer stopTidying()
	var tidying sync.WaitGroup
	tidying.Go(func() { scheduleLoop(tidyCtx, h.config.CompactInterval, h.plan) })
	tidying.Go(func() { h.workLoop(tidyCtx) })
	tidying.Go(func() { scheduleLoop(tidyCtx, h.config.SweepInterval, h.sweep) })
	stopProfiling := func() {}
	if c.SelfProfile {
		stopProfiling = h.profileSelf(ctx, url)
	}
	if c.Ready != nil {
		c.Ready(url)
	}
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	stopProfiling()
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	shutdownErr := server.Shutdown(stopCtx)
	stopDraining()
	stopTidying()
	<-drained
	tidying.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return shutdownErr
}

// open opens the storage and puts the functions together.
func open(c Config) (*Host, error) {
	h := &Host{config: c}
	err := h.openStorage()
	if err == nil {
		err = h.assemble()
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *Host) openStorage() (err error) {
	data := h.config.Data
	if err := os.MkdirAll(data, 0o755); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	if h.objects, err = filestore.Open(filepath.Join(data, datadir.ObjectsDir)); err != nil {
		return fmt.Errorf("open object store: %w", err)
	}
	if h.index, err = boltindex.Open(filepath.Join(data, datadir.IndexFile)); err != nil {
		return fmt.Errorf("open block index: %w", err)
	}
	if err := h.openQueues(); err != nil {
		return err
	}
	if h.jobs, err = boltqueue.Open(filepath.Join(data, "jobs.bolt"), boltqueue.Options{}); err != nil {
		return fmt.Errorf("open queue of compaction jobs: %w", err)
	}
	if h.records, err = boltrecords.Open(filepath.Join(data, datadir.RecordsFile), boltrecords.Options{}); err != nil {
		return fmt.Errorf("open record store: %w", err)
	}
	return nil
}

func (h *Host) assemble() error {
	ingestConfig, ingestErr := config.LoadIngest(h.config.Lookup)
	segmentConfig, segmentErr := config.LoadSegment(h.config.Lookup)
	queryConfig, queryErr := config.LoadQuery(h.config.Lookup)
	if err := errors.Join(ingestErr, segmentErr, queryErr); err != nil {
		return err
	}
	ingestConfig.Auth = cmp.Or(h.config.Auth, ingestConfig.Auth)
	queryConfig.Auth = cmp.Or(h.config.Auth, queryConfig.Auth)
	h.auth = ingestConfig.Auth
	if _, set := h.config.Lookup(config.EnvIngestionRate); !set {
		ingestConfig.IngestionRate = 0 // nobody else pays for what a laptop pushes
	}
	segmentConfig.FlushInterval = h.config.FlushInterval
	shared := assembly.Host{Log: h.config.Log, Now: time.Now}
	direct := newDirectPut(h.objects, time.Now)
	ingestFunc, err := assembly.Ingest(shared, ingestConfig, h.senders(), h.objects, direct, h.records)
	if err != nil {
		return err
	}
	queryFunc, err := h.query(shared, queryConfig)
	if err != nil {
		return err
	}
	if h.drain, err = assembly.Segment(shared, segmentConfig, idleWait, h.drained(), h.objects, h.index); err != nil {
		return err
	}
	if err := h.assembleCompaction(shared); err != nil {
		return err
	}
	routes := []gateway.Route{{Key: gateway.DefaultKey, Function: ingestFunc}}
	for _, key := range assembly.QueryRoutes() {
		routes = append(routes, gateway.Route{Key: key, Function: queryFunc})
	}
	h.handler, err = gateway.New(routes, gateway.Options{Logger: h.config.Log})
	if err != nil {
		return fmt.Errorf("assemble gateway: %w", err)
	}
	h.handler = direct.orDirectPut(h.handler)
	return nil
}

// assembleCompaction puts together what merges blocks and deletes them.
func (h *Host) assembleCompaction(shared assembly.Host) error {
	planConfig, planErr := config.LoadCompactPlan(h.config.Lookup)
	compactConfig, compactErr := config.LoadCompact(h.config.Lookup)
	sweepConfig, sweepErr := config.LoadSweep(h.config.Lookup)
	if err := errors.Join(planErr, compactErr, sweepErr); err != nil {
		return err
	}
	sweepConfig.SweepDelay = cmp.Or(h.config.SweepDelay, sweepConfig.SweepDelay)
	h.jobLease = compactConfig.JobLease
	var err error
	if h.plan, err = assembly.CompactPlan(shared, planConfig, h.index, h.jobs, h.records); err != nil {
		return err
	}
	if h.compact, err = assembly.Compact(shared, compactConfig, h.objects, h.index, h.jobs, h.records); err != nil {
		return err
	}
	h.sweep, err = assembly.Sweep(shared, sweepConfig, h.objects, h.index, h.records)
	return err
}

func (h *Host) close() {
	if h.workers != nil {
		h.workers.Close()
	}
	if h.jobs != nil {
		if err := h.jobs.Close(); err != nil {
			h.config.Log.Error("close queue of compaction jobs", "err", err)
		}
	}
	if h.records != nil {
		if err := h.records.Close(); err != nil {
			h.config.Log.Error("close record store", "err", err)
		}
	}
	for _, q := range h.queues {
		if err := q.Close(); err != nil {
			h.config.Log.Error("close queue", "err", err)
		}
	}
	if h.index != nil {
		if err := h.index.Close(); err != nil {
			h.config.Log.Error("close block index", "err", err)
		}
	}
}
