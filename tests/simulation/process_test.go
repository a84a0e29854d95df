package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// process is one run of a function: what dies as a whole.
type process struct {
	stage  *stage
	world  *world
	name   string
	number int
	r      *rand.Rand
	skew   time.Duration // of its clock

	ctx    context.Context
	cancel context.CancelCauseFunc
	dead   bool  // guarded by the stage
	err    error // with which it has ended

	// pace is how long a call takes at most; 0: no time.
	pace time.Duration
	// sound processes neither die nor meet faults.
	sound bool
	// latecomer says that calls of it may take effect after it has given them
	// up.
	latecomer bool
}

// String is its name.
func (p *process) String() string { return fmt.Sprintf("%s-%d", p.name, p.number) }

// now is its clock.
func (p *process) now() time.Time { return time.Now().Add(p.skew) }

// newID makes ids of segments.
func (p *process) newID(t time.Time) string {
	id := ulid.ULID{}
	if err := id.SetTime(ulid.Timestamp(t)); err != nil {
		panic(err)
	}
	for i := 6; i < len(id); i++ {
		id[i] = byte(p.r.Uint32())
	}
	return id.String()
}

// stagedQueue is a queue as a process sees it.
type stagedQueue struct {
	p     *process
	inner queue.Queue
	name  string
}

func (q stagedQueue) Send(ctx context.Context, batch []queue.Message) []error {
	ids := make([]string, len(batch))
	for i := range batch {
		ids[i] = batch[i].DedupID
	}
	return q.each(ctx, "Send", ids, func() []error { return q.inner.Send(context.Background(), batch) })
}

// Receive looks for messages at its beginning and at its end.
func (q stagedQueue) Receive(ctx context.Context, limit int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	op := q.name + ".Receive"
	for again := false; ; again = true {
		if again {
			op = q.name + ".Receive, its end"
		}
		ds, err := do(ctx, q.p, op, fmt.Sprint(limit), func() ([]queue.Delivery, error) {
			return q.inner.Receive(context.Background(), limit, 0, visibility)
		})
		if err != nil || len(ds) > 0 || wait == 0 || again {
			return ds, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (q stagedQueue) Extend(ctx context.Context, handles []string, visibility time.Duration) []error {
	return q.each(ctx, "Extend", handles, func() []error { return q.inner.Extend(context.Background(), handles, visibility) })
}

func (q stagedQueue) Delete(ctx context.Context, handles []string) []error {
	return q.each(ctx, "Delete", handles, func() []error { return q.inner.Delete(context.Background(), handles) })
}

func (q stagedQueue) Depth(ctx context.Context) (int, error) {
	return do(ctx, q.p, q.name+".Depth", "", func() (int, error) { return q.inner.Depth(context.Background()) })
}

func (q stagedQueue) each(ctx context.Context, verb string, ids []string, f func() []error) []error {
	errs, err := do(ctx, q.p, q.name+"."+verb, strings.Join(ids, ","), func() ([]error, error) { return f(), nil })
	if err != nil {
		return slices.Repeat([]error{err}, len(ids))
	}
	return errs
}

// stagedStore is a store as a process sees it.
type stagedStore struct {
	p     *process
	inner objstore.Store
}

type nothing struct{}

func (s stagedStore) Get(ctx context.Context, key string) ([]byte, error) {
	return do(ctx, s.p, "Get", key, func() ([]byte, error) { return s.inner.Get(context.Background(), key) })
}

func (s stagedStore) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	return do(ctx, s.p, "GetRange", fmt.Sprint(key, " ", offset), func() ([]byte, error) {
		return s.inner.GetRange(context.Background(), key, offset, length)
	})
}

func (s stagedStore) Put(ctx context.Context, key string, body []byte) error {
	_, err := do(ctx, s.p, "Put", key, func() (nothing, error) { return nothing{}, s.inner.Put(context.Background(), key, body) })
	return err
}

func (s stagedStore) Delete(ctx context.Context, key string) error {
	_, err := do(ctx, s.p, "Delete", key, func() (nothing, error) { return nothing{}, s.inner.Delete(context.Background(), key) })
	return err
}

func (s stagedStore) List(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	return do(ctx, s.p, "List", prefix, func() ([]objstore.Info, error) {
		return s.inner.List(context.Background(), prefix, after, limit)
	})
}

// stagedIndex is an index as a process sees it.
type stagedIndex struct {
	blockindex.Index
	p *process
}

func (x stagedIndex) Insert(ctx context.Context, row blockindex.Row) error {
	_, err := do(ctx, x.p, "Insert", row.ID, func() (nothing, error) { return nothing{}, x.Index.Insert(context.Background(), row) })
	return err
}

func (x stagedIndex) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	return do(ctx, x.p, "Find", string(tenant), func() ([]blockindex.Row, error) {
		return x.Index.Find(context.Background(), tenant, from, to)
	})
}

func (x stagedIndex) All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error) {
	return do(ctx, x.p, "All", string(tenant), func() ([]blockindex.Row, error) {
		rows, err := x.Index.All(context.Background(), tenant)
		slices.SortFunc(rows, func(a, b blockindex.Row) int { return strings.Compare(a.ID, b.ID) })
		return rows, err
	})
}

func (x stagedIndex) Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error {
	_, err := do(ctx, x.p, "DeleteRows", strings.Join(ids, ","), func() (nothing, error) {
		return nothing{}, x.Index.Delete(context.Background(), tenant, ids...)
	})
	return err
}

func (x stagedIndex) Tenants(ctx context.Context) ([]profile.TenantID, error) {
	return do(ctx, x.p, "Tenants", "", func() ([]profile.TenantID, error) { return x.Index.Tenants(context.Background()) })
}
