// Package stores opens what a command works on: the data directory of the local
// host, or the bucket and table of a deployment on AWS.
package stores

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pyrocumulus/pyrocumulus/functions/aws"
	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

// Flags are those that the commands have in common.
type Flags struct {
	Data     string
	AWS      bool
	Tenant   string
	Parallel int
	JSON     bool
}

// Register adds the flags, and says how the command is used.
func Register(f *flag.FlagSet, usage string) *Flags {
	var c Flags
	f.StringVar(&c.Data, "data", "./.pyrocumulus", "data `directory` of the local host, which must not run")
	f.BoolVar(&c.AWS, "aws", false, "work on the bucket "+config.EnvBucket+" and the table "+config.EnvTable+" instead")
	f.StringVar(&c.Tenant, "tenant", "", "`tenant` to look at; all if empty")
	f.IntVar(&c.Parallel, "parallel", 16, "how many objects are read at once")
	f.BoolVar(&c.JSON, "json", false, "write the result as JSON")
	f.Usage = func() {
		fmt.Fprint(f.Output(), usage, "\nFlags:\n")
		f.PrintDefaults()
	}
	return &c
}

// Open opens the stores. Progress goes to the standard error stream. close must
// be called in the end.
func (c *Flags) Open(ctx context.Context) (d recovery.Deps, closeAll func(), err error) {
	if c.Tenant != "" {
		if err := profile.TenantID(c.Tenant).Validate(); err != nil {
			return d, nil, fmt.Errorf("-tenant %q: %w", c.Tenant, err)
		}
	}
	if c.Parallel < 1 || c.Parallel > 1000 {
		return d, nil, fmt.Errorf("-parallel %d, want 1 to 1000", c.Parallel)
	}
	d = recovery.Deps{Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Parallel: c.Parallel}
	if c.AWS {
		_, env, err := aws.Load(ctx, func(config.Lookup) (struct{}, error) { return struct{}{}, nil }, config.EnvBucket, config.EnvTable)
		if err != nil {
			return d, nil, err
		}
		d.Store, d.Index = env.Store(), env.Index()
		return d, func() {}, nil
	}
	objects := filepath.Join(c.Data, "objects")
	if _, err := os.Stat(objects); err != nil { // which Open would make
		return d, nil, fmt.Errorf("%s holds no data of the local host: name another directory with -data, or a deployment with -aws", c.Data)
	}
	store, err := filestore.Open(objects)
	if err != nil {
		return d, nil, fmt.Errorf("open data: %w", err)
	}
	index, err := boltindex.Open(filepath.Join(c.Data, host.IndexFile))
	if err != nil {
		return d, nil, errors.Join(fmt.Errorf("%w (is the local host running? stop it first)", err), store.Close())
	}
	d.Store, d.Index = store, index
	return d, func() { _, _ = index.Close(), store.Close() }, nil
}

// Main runs a command until it ends or is interrupted, and ends the process
// with its exit code: that of run, or 2 for an error.
func Main(name string, run func(ctx context.Context) (int, error)) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		code = 2
	}
	os.Exit(code)
}
