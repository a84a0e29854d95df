// Package host runs every function in one process, on embedded storage: what
// `make run` starts. Requests pass the same API Gateway events as on AWS, and
// a loop takes the place of the schedule.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/gateway"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/boltqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
)

// Config says how the host runs.
type Config struct {
	Listen string // host:port
	Data   string // directory of all state
	// FlushInterval is how long profiles are gathered before they are written.
	FlushInterval time.Duration
	Multitenancy  bool
	// CompactInterval is how often blocks are merged; 0 is never.
	CompactInterval time.Duration
	// SweepInterval is how often, among those times, what nobody needs any more
	// is deleted; 0 is never.
	SweepInterval time.Duration
	// SelfProfile sends the host's own profiles to itself.
	SelfProfile bool
	Lookup      config.Lookup // of environment variables, for all other settings
	Log         *slog.Logger
	// Ready is called with the base URL once requests are served; may be nil.
	Ready func(url string)
}

// RecordsFile is the record store in the data directory. Tools may open it while
// the host runs.
const RecordsFile = "records.bolt"

// Host is the running functions.
type Host struct {
	config  Config
	objects *filestore.Store
	index   *boltindex.Index
	queue   *boltqueue.Queue
	records *boltrecords.Store
	handler http.Handler
	drain   lambdahost.ScheduleFunc
	compact lambdahost.ScheduleFunc
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
	go func() { defer close(drained); h.drainLoop(drainCtx) }()
	compacted := make(chan struct{})
	compactCtx, stopCompacting := context.WithCancel(ctx)
	defer stopCompacting()
	go func() { defer close(compacted); h.compactLoop(compactCtx) }()
	stopProfiling := func() {}
	if c.SelfProfile {
		stopProfiling = profileSelf(url, c.Log)
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
	stopCompacting()
	<-drained
	<-compacted
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
	if h.objects, err = filestore.Open(filepath.Join(data, "objects")); err != nil {
		return fmt.Errorf("open object store: %w", err)
	}
	if h.index, err = boltindex.Open(filepath.Join(data, "index.bolt")); err != nil {
		return fmt.Errorf("open block index: %w", err)
	}
	if h.queue, err = boltqueue.Open(filepath.Join(data, "queue.bolt"), boltqueue.Options{}); err != nil {
		return fmt.Errorf("open queue: %w", err)
	}
	if h.records, err = boltrecords.Open(filepath.Join(data, RecordsFile), boltrecords.Options{}); err != nil {
		return fmt.Errorf("open record store: %w", err)
	}
	return nil
}

func (h *Host) assemble() error {
	ingestConfig, ingestErr := config.LoadIngest(h.config.Lookup)
	segmentConfig, segmentErr := config.LoadSegment(h.config.Lookup)
	compactConfig, compactErr := config.LoadCompact(h.config.Lookup)
	queryConfig, queryErr := config.LoadQuery(h.config.Lookup)
	if err := errors.Join(ingestErr, segmentErr, compactErr, queryErr); err != nil {
		return err
	}
	ingestConfig.Multitenancy = ingestConfig.Multitenancy || h.config.Multitenancy
	queryConfig.Multitenancy = queryConfig.Multitenancy || h.config.Multitenancy
	if _, set := h.config.Lookup(config.EnvIngestionRate); !set {
		ingestConfig.IngestionRate = 0 // nobody else pays for what a laptop pushes
	}
	segmentConfig.FlushInterval = h.config.FlushInterval
	compactConfig.SweepInterval = h.config.SweepInterval
	shared := assembly.Host{Log: h.config.Log, Now: time.Now}
	ingestFunc, err := assembly.Ingest(shared, ingestConfig, h.queue, h.objects, h.records)
	if err != nil {
		return err
	}
	queryFunc, err := h.query(shared, queryConfig)
	if err != nil {
		return err
	}
	if h.drain, err = assembly.Segment(shared, segmentConfig, idleWait, h.queue, h.objects, h.index); err != nil {
		return err
	}
	if h.compact, err = assembly.Compact(shared, compactConfig, h.objects, h.index); err != nil {
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
	return nil
}

func (h *Host) close() {
	if h.records != nil {
		if err := h.records.Close(); err != nil {
			h.config.Log.Error("close record store", "err", err)
		}
	}
	if h.queue != nil {
		if err := h.queue.Close(); err != nil {
			h.config.Log.Error("close queue", "err", err)
		}
	}
	if h.index != nil {
		if err := h.index.Close(); err != nil {
			h.config.Log.Error("close block index", "err", err)
		}
	}
}
