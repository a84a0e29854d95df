package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// ProblemKind is what is wrong, in a word that scripts can look for.
type ProblemKind string

// What can be wrong.
const (
	// Missing: a row's object is not there. Queries that need it fail.
	Missing ProblemKind = "missing"
	// Unreadable: a row does not describe its block.
	Unreadable ProblemKind = "unreadable"
	// Differs: the row says other things of the block than its object does.
	Differs ProblemKind = "differs"
	// Damaged: what is in the object does not match its checksums.
	Damaged ProblemKind = "damaged"
	// Doubled: two rows replace the same one, so that its profiles count twice.
	Doubled ProblemKind = "doubled"
	// Orphan: an object that should have been collected has no row.
	Orphan ProblemKind = "orphan"
	// Foreign: an object among the blocks is none.
	Foreign ProblemKind = "foreign"
)

// Problem is one thing that is wrong.
type Problem struct {
	Kind   ProblemKind      `json:"kind"`
	Tenant profile.TenantID `json:"tenant"`
	Block  string           `json:"block"` // id, or the key of what is none
	Detail string           `json:"detail"`
}

// Verified is what Verify found.
type Verified struct {
	Tenants  int       `json:"tenants"`
	Rows     int       `json:"rows"`
	Objects  int       `json:"objects"`
	Young    int       `json:"young"` // objects without a row that may get one or will be collected
	Bytes    int64     `json:"bytes"` // of the objects
	Problems []Problem `json:"problems"`
}

// VerifyOptions say what Verify looks at.
type VerifyOptions struct {
	Tenant profile.TenantID // empty: all
	// Deep reads all of every block, and compares all checksums.
	Deep bool
	// Young is how old an object without a row may be without being a problem.
	Young time.Duration
}

// Verify compares the index with the objects. Everything may go on meanwhile:
// what seems wrong is looked at once more before it is called a problem.
func Verify(ctx context.Context, d Deps, o VerifyOptions) (Verified, error) {
	v := Verified{Problems: []Problem{}}
	known, err := d.Index.Tenants(ctx)
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	err = tenants(ctx, d.Store, func(t profile.TenantID) error {
		known = append(known, t)
		return nil
	})
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	slices.Sort(known)
	for _, tenant := range slices.Compact(known) {
		if o.Tenant != "" && tenant != o.Tenant {
			continue
		}
		v.Tenants++
		if err := d.verifyTenant(ctx, tenant, o, &v); err != nil {
			return v, fmt.Errorf("verify tenant %s: %w", tenant, err)
		}
	}
	return v, nil
}

func (d Deps) verifyTenant(ctx context.Context, tenant profile.TenantID, o VerifyOptions, v *Verified) error {
	before, err := d.Index.All(ctx, tenant)
	if err != nil {
		return err
	}
	objects, err := d.objects(ctx, tenant)
	if err != nil {
		return err
	}
	after, err := d.Index.All(ctx, tenant)
	if err != nil {
		return err
	}
	has := make(map[string]*object)
	for i := range objects {
		v.Objects++
		v.Bytes += objects[i].Size
		has[objects[i].Key] = &objects[i]
	}
	v.Rows += len(after)
	v.Problems = append(v.Problems, doubled(tenant, after)...)
	named := make(map[string]bool) // keys that rows name
	for _, r := range slices.Concat(before, after) {
		for _, key := range keysOf(r) {
			named[key] = true
		}
	}
	still := make(map[string]bool)
	for _, r := range after {
		still[r.ID] = true
	}
	for _, r := range before {
		if still[r.ID] { // what was inserted meanwhile may have been put after the list
			v.Problems = append(v.Problems, rowProblem(r, has)...)
		}
	}
	d.strays(tenant, objects, named, o, v)
	if !o.Deep {
		return nil
	}
	return d.readAll(ctx, tenant, after, v)
}

// doubled finds rows that more than one other replaces.
func doubled(tenant profile.TenantID, rows []blockindex.Row) []Problem {
	by := make(map[string]string)
	var out []Problem
	for _, r := range rows {
		for _, id := range r.Sources {
			if other := by[id]; other != "" {
				out = append(out, Problem{Doubled, tenant, id, "replaced by both " + other + " and " + r.ID})
			}
			by[id] = r.ID
		}
	}
	return out
}

// keysOf are the keys of the objects that a row names; of one that cannot be read,
// the key that a segment would have.
func keysOf(r blockindex.Row) []string {
	if m, err := block.ParseMeta(r.Detail); err == nil && m.Tenant == r.Tenant && m.ID == r.ID {
		return m.Keys()
	}
	return []string{block.Key(r.Tenant, r.ID)}
}

// rowProblem compares a row with its objects, of those that are there by key.
func rowProblem(r blockindex.Row, has map[string]*object) []Problem {
	problem := func(k ProblemKind, format string, args ...any) []Problem {
		return []Problem{{k, r.Tenant, r.ID, fmt.Sprintf(format, args...)}}
	}
	m, err := block.ParseMeta(r.Detail)
	switch {
	case err != nil:
		return problem(Unreadable, "%v", err)
	case m.Tenant != r.Tenant || m.ID != r.ID || m.Level != r.Level:
		return problem(Unreadable, "it describes block %s of tenant %s, level %d", m.ID, m.Tenant, m.Level)
	case m.MinTime < r.MinTime || m.MaxTime > r.MaxTime:
		return problem(Differs, "its time is not all of its block's")
	}
	for i, key := range m.Keys() {
		switch o := has[key]; {
		case o == nil:
			return problem(Missing, "no object %s", key)
		case o.meta == nil:
			return problem(Damaged, "%v", o.err)
		case i == len(m.Volumes)-1 && !bytes.Equal(o.meta.Append(nil), r.Detail):
			return problem(Differs, "object %s describes it otherwise", key)
		case m.Volumes[i].Size != o.Size:
			return problem(Damaged, "object %s has %d bytes, want %d", key, o.Size, m.Volumes[i].Size)
		}
	}
	return nil
}

// strays finds objects without a row.
func (d Deps) strays(tenant profile.TenantID, objects []object, named map[string]bool, o VerifyOptions, v *Verified) {
	old := d.Now().Add(-o.Young).UnixMilli()
	for _, x := range objects {
		switch name := strings.TrimPrefix(x.Key, block.Prefix(tenant)); {
		case named[x.Key]:
		case x.meta == nil:
			v.Problems = append(v.Problems, Problem{Foreign, tenant, x.Key, x.err.Error()})
		case x.ModifiedUnixMilli > old:
			v.Young++
		default:
			v.Problems = append(v.Problems, Problem{Orphan, tenant, name,
				"no row since " + time.UnixMilli(x.ModifiedUnixMilli).UTC().Format(time.RFC3339)})
		}
	}
}

// readAll reads every block that has a row and compares its checksums.
func (d Deps) readAll(ctx context.Context, tenant profile.TenantID, rows []blockindex.Row, v *Verified) error {
	found := make([]error, len(rows))
	read := d.counter("blocks", tenant, len(rows))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(max(d.Parallel, 1))
	for i, r := range rows {
		if rowIsBad(v, r) {
			read.add()
			continue
		}
		m, err := block.ParseMeta(r.Detail)
		if err != nil {
			return err
		}
		g.Go(func() error {
			defer read.add()
			err := readBlock(inner, d.Store, m)
			switch {
			case errors.Is(err, objstore.ErrNotExist): // swept meanwhile
				return nil
			case inner.Err() != nil:
				return context.Cause(inner)
			}
			found[i] = err
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, err := range found {
		if err != nil {
			v.Problems = append(v.Problems, Problem{Damaged, tenant, rows[i].ID, err.Error()})
		}
	}
	return nil
}

// rowIsBad reports whether a problem with the block is known already.
func rowIsBad(v *Verified, r blockindex.Row) bool {
	return slices.ContainsFunc(v.Problems, func(p Problem) bool { return p.Tenant == r.Tenant && p.Block == r.ID && p.Kind != Doubled })
}
