// Package stores opens what commands work on: the data directory of the local
// host, or the bucket and the table of a deployment on AWS.
package stores

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/progress"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/recovery"
)

// Flags say what is worked on, and how that is told.
type Flags struct {
	env           *command.Env
	data          string
	aws           bool
	bucket, table string
	tenant        string
	parallel      int
	quiet         *bool
	JSON          *bool
	Report        *progress.Reporter // once something is open
}

// Register adds the flags of what works on objects alone, of the tenant unless
// another is named, or of all if it is "".
func Register(env *command.Env, flags *flag.FlagSet, tenant string) *Flags {
	f := &Flags{env: env}
	flags.StringVar(&f.data, "data", "./.pyrocumulus", "data `directory` of the local host")
	flags.BoolVar(&f.aws, "aws", false, "work on a deployment on AWS instead; region and credentials are the environment's")
	flags.StringVar(&f.bucket, "bucket", "", "`name` of its bucket, for which -aws is not needed; "+config.EnvBucket)
	of := "`tenant` to look at"
	if tenant == "" {
		of += "; all if empty"
	}
	flags.StringVar(&f.tenant, "tenant", tenant, of)
	f.JSON, f.quiet = command.JSONFlag(flags), progress.QuietFlag(flags)
	return f
}

// RegisterIndex adds the flags of what works on objects and the index.
func RegisterIndex(env *command.Env, flags *flag.FlagSet, tenant string) *Flags {
	f := Register(env, flags, tenant)
	flags.Lookup("data").Usage += ", which must not run"
	flags.StringVar(&f.table, "table", "", "`name` of the table of its block index; "+config.EnvTable)
	flags.IntVar(&f.parallel, "parallel", 16, "how many objects are read at once")
	return f
}

// Tenant is the tenant that was named.
func (f *Flags) Tenant() profile.TenantID { return profile.TenantID(f.tenant) }

// check finds what is wrong with the flags, and completes them.
func (f *Flags) check(indexed bool) error {
	if f.tenant != "" {
		if err := f.Tenant().Validate(); err != nil {
			return command.Usagef("-tenant %q: %w", f.tenant, err)
		}
	}
	if indexed && (f.parallel < 1 || f.parallel > 1000) {
		return command.Usagef("-parallel %d, want 1 to 1000", f.parallel)
	}
	if f.aws = f.aws || f.bucket != "" || f.table != ""; !f.aws {
		return nil
	}
	if f.bucket = cmp.Or(f.bucket, f.env.Get(config.EnvBucket)); f.bucket == "" {
		return command.Usagef("name the bucket with -bucket or %s; the stack prints it as BucketName", config.EnvBucket)
	}
	if f.table = cmp.Or(f.table, f.env.Get(config.EnvTable)); indexed && f.table == "" {
		return command.Usagef("name the table of the block index with -table or %s; the stack prints it as IndexTable", config.EnvTable)
	}
	return nil
}

// Objects are what commands read without an index.
type Objects interface {
	objstore.Reader
	objstore.Lister
}

// OpenObjects opens the object store. done must be called in the end.
func (f *Flags) OpenObjects(ctx context.Context) (objects Objects, done func(), err error) {
	if err := f.check(false); err != nil {
		return nil, nil, err
	}
	store, closeObjects, err := f.openObjects(ctx)
	if err != nil {
		return nil, nil, err
	}
	f.Report = progress.New(f.env, !*f.JSON && !*f.quiet)
	return store, func() { f.Report.End(); closeObjects() }, nil
}

func (f *Flags) openObjects(ctx context.Context) (Objects, func(), error) {
	if f.aws {
		cfg, err := sdkconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
		}
		return s3store.New(s3.NewFromConfig(cfg, s3store.Configure), f.bucket), func() {}, nil
	}
	objects := filepath.Join(f.data, datadir.ObjectsDir)
	if _, err := os.Stat(objects); err != nil { // which Open would make
		return nil, nil, fmt.Errorf("%s holds no data of the local host: name another directory with -data, or a deployment with -aws", f.data)
	}
	store, err := filestore.Open(objects)
	if err != nil {
		return nil, nil, fmt.Errorf("open data: %w", err)
	}
	return store, func() { _ = store.Close() }, nil
}

// Open opens objects and index. done must be called in the end.
func (f *Flags) Open(ctx context.Context) (d recovery.Deps, done func(), err error) {
	if err := f.check(true); err != nil {
		return d, nil, err
	}
	store, closeObjects, err := f.openObjects(ctx)
	if err != nil {
		return d, nil, err
	}
	closeIndex := func() {}
	if d.Store = store; f.aws {
		cfg, err := sdkconfig.LoadDefaultConfig(ctx)
		if err != nil {
			return d, nil, fmt.Errorf("load the configuration of the AWS SDK: %w", err)
		}
		d.Index = dynamoindex.New(dynamodb.NewFromConfig(cfg), f.table)
	} else {
		index, err := boltindex.Open(filepath.Join(f.data, datadir.IndexFile))
		if err != nil {
			closeObjects()
			return d, nil, fmt.Errorf("%w (is the local host running? stop it first)", err)
		}
		d.Index, closeIndex = index, func() { _ = index.Close() }
	}
	f.Report = progress.New(f.env, !*f.JSON && !*f.quiet)
	d.Now, d.Parallel, d.Log, d.Progress = f.env.Now, f.parallel, f.log(), f.Report.Update
	return d, func() { f.Report.End(); closeIndex(); closeObjects() }, nil
}

// log is for warnings; where progress is shown they go between its lines.
func (f *Flags) log() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelWarn}
	if f.Report != nil {
		return slog.New(slog.NewTextHandler(f.Report, options))
	}
	return slog.New(slog.NewTextHandler(f.env.Stderr, options))
}
