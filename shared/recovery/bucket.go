package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// tailBytes is how much of an object is read first to find its description.
const tailBytes = 16 << 10

// Store is what is needed of the object store; nothing is written.
type Store interface {
	objstore.Reader
	objstore.Lister
}

// Index is what is needed of the block index; blockindex.Index has it.
type Index interface {
	Insert(ctx context.Context, row blockindex.Row) error
	All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error)
	Tenants(ctx context.Context) ([]profile.TenantID, error)
}

// Deps are what everything here works with.
type Deps struct {
	Store Store
	Index Index
	Now   func() time.Time
	Log   *slog.Logger
	// Progress is told how much of what is done, by several goroutines at once; it
	// may be nil.
	Progress func(what string, done, total int)
	// Parallel is how many objects are read at once.
	Parallel int
}

// object is an object among the blocks of a tenant.
type object struct {
	objstore.Info
	meta *block.Meta // nil if it is none of a block
	err  error       // why not
}

// tenants calls visit for each tenant that has objects, by name. Prefixes that
// are no tenant's, such as that of messages that were set aside, are passed over.
func tenants(ctx context.Context, store objstore.Lister, visit func(profile.TenantID) error) error {
	for after := ""; ; {
		next, err := store.List(ctx, "", after, 1)
		if err != nil {
			return fmt.Errorf("look for the next tenant: %w", err)
		}
		if len(next) == 0 {
			return nil
		}
		name, _, below := strings.Cut(next[0].Key, "/")
		if after = name; below {
			after += "0" // it follows "/"
		}
		tenant := profile.TenantID(name)
		if tenant.Validate() != nil {
			continue
		}
		if err := visit(tenant); err != nil {
			return err
		}
	}
}

// counter is how much is done of something that is told of.
type counter struct {
	tell  func(done int)
	count atomic.Int64
}

func (d Deps) counter(what string, tenant profile.TenantID, total int) *counter {
	c := &counter{tell: func(int) {}}
	if d.Progress != nil {
		c.tell = func(done int) { d.Progress(what+" of "+string(tenant), done, total) }
	}
	c.tell(0)
	return c
}

func (c *counter) add() { c.tell(int(c.count.Add(1))) }

// objects lists the objects of a tenant's blocks and reads their descriptions.
// Objects that are deleted meanwhile are left out.
func (d Deps) objects(ctx context.Context, tenant profile.TenantID) ([]object, error) {
	var all []objstore.Info
	prefix := block.Prefix(tenant)
	for after := ""; ; {
		page, err := d.Store.List(ctx, prefix, after, objstore.MaxListKeys)
		if err != nil {
			return nil, fmt.Errorf("list blocks of tenant %s: %w", tenant, err)
		}
		all = append(all, page...)
		if len(page) < objstore.MaxListKeys {
			break
		}
		after = page[len(page)-1].Key
	}
	return d.describeAll(ctx, all, d.counter("objects", tenant, len(all)))
}

func (d Deps) describeAll(ctx context.Context, all []objstore.Info, read *counter) ([]object, error) {
	found := make([]object, len(all))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(max(d.Parallel, 1))
	for i := range all {
		g.Go(func() error {
			defer read.add()
			meta, err := describe(inner, d.Store, all[i])
			switch {
			case errors.Is(err, objstore.ErrNotExist):
				return nil
			case err != nil && !errors.Is(err, block.ErrCorrupt):
				return err
			}
			if err != nil {
				meta = nil
			}
			found[i] = object{Info: all[i], meta: meta, err: err}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(o object) bool { return o.Key == "" }), nil
}

// describe reads the description at the end of an object. Of a block of several
// objects only that of the last is complete.
func describe(ctx context.Context, store objstore.Reader, o objstore.Info) (*block.Meta, error) {
	for want := min(o.Size, tailBytes); ; {
		if want <= 0 || want > o.Size {
			return nil, fmt.Errorf("%w: %s has %d bytes", block.ErrCorrupt, o.Key, o.Size)
		}
		b, err := store.GetRange(ctx, o.Key, o.Size-want, want)
		if err != nil {
			return nil, fmt.Errorf("read description of %s: %w", o.Key, err)
		}
		m, need, err := block.ParseTail(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Key, err)
		}
		if m != nil {
			return m, m.SetKey(o.Key)
		}
		want = int64(need)
	}
}
