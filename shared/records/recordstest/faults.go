package recordstest

import (
	"context"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// The methods of a record store, for Faults.
const (
	Get    faultplan.Op = "records.Get"
	List   faultplan.Op = "records.List"
	Put    faultplan.Op = "records.Put"
	Delete faultplan.Op = "records.Delete"
	Add    faultplan.Op = "records.Add"
)

// The two halves of a fault pair, as in faultplan.
const (
	Before = faultplan.Before // the call fails without having happened
	After  = faultplan.After  // the call fails although it happened
)

// Faults is a record store that fails where its plan says so:
//
//	store := recordstest.NewFaults(recordstest.NewMem())
//	store.FailNext(recordstest.Put, recordstest.After, nil)
//
// To hooks the argument of a call is the record's kind, a slash and its key; of
// List the kind.
type Faults struct {
	*faultplan.Plan
	inner records.Store
}

var _ records.Store = (*Faults)(nil)

// NewFaults decorates a store with a plan of its own.
func NewFaults(inner records.Store) *Faults { return NewFaultsOf(faultplan.New(), inner) }

// NewFaultsOf decorates a store with a plan that other decorators may share.
func NewFaultsOf(plan *faultplan.Plan, inner records.Store) *Faults {
	return &Faults{Plan: plan, inner: inner}
}

func arg(n records.Name) string { return string(n.Kind) + "/" + n.Key }

// Get is Store's.
func (f *Faults) Get(ctx context.Context, name records.Name) (records.Record, error) {
	return planned(f, Get, arg(name), func() (records.Record, error) { return f.inner.Get(ctx, name) })
}

// List is Store's.
func (f *Faults) List(ctx context.Context, tenant profile.TenantID, kind records.Kind) ([]records.Record, error) {
	return planned(f, List, string(kind), func() ([]records.Record, error) { return f.inner.List(ctx, tenant, kind) })
}

// Put is Store's.
func (f *Faults) Put(ctx context.Context, r records.Record) (uint64, error) {
	return planned(f, Put, arg(r.Name), func() (uint64, error) { return f.inner.Put(ctx, r) })
}

// Delete is Store's.
func (f *Faults) Delete(ctx context.Context, name records.Name, version uint64) error {
	return f.Do(Delete, arg(name), func() error { return f.inner.Delete(ctx, name, version) })
}

// Add is Store's.
func (f *Faults) Add(ctx context.Context, name records.Name, delta int64, expires time.Time) (int64, error) {
	return planned(f, Add, arg(name), func() (int64, error) { return f.inner.Add(ctx, name, delta, expires) })
}

// planned makes a call that returns something as the plan has it.
func planned[T any](f *Faults, op faultplan.Op, arg string, do func() (T, error)) (T, error) {
	var got, none T
	err := f.Do(op, arg, func() (err error) {
		got, err = do()
		return err
	})
	if err != nil {
		return none, err
	}
	return got, nil
}
