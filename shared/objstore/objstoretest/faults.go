package objstoretest

import (
	"context"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
)

// The methods of a store, for Faults and Counting.
const (
	Get      faultplan.Op = "objstore.Get"
	GetRange faultplan.Op = "objstore.GetRange"
	Put      faultplan.Op = "objstore.Put"
	Delete   faultplan.Op = "objstore.Delete"
	List     faultplan.Op = "objstore.List"
)

// The two halves of a fault pair, as in faultplan.
const (
	Before = faultplan.Before // the call fails without having happened
	After  = faultplan.After  // the call fails although it happened
)

// Faults is a store that fails where its plan says so:
//
//	store := objstoretest.NewFaults(objstoretest.NewMem())
//	store.FailNext(objstoretest.Put, objstoretest.After, nil)
//
// A Get that fails After has read the object, and returns nothing.
type Faults struct {
	*faultplan.Plan
	inner objstore.Store
}

var _ objstore.Store = (*Faults)(nil)

// NewFaults decorates a store with a plan of its own.
func NewFaults(inner objstore.Store) *Faults { return NewFaultsOf(faultplan.New(), inner) }

// NewFaultsOf decorates a store with a plan that other decorators may share.
func NewFaultsOf(plan *faultplan.Plan, inner objstore.Store) *Faults {
	return &Faults{Plan: plan, inner: inner}
}

// Get is Reader's.
func (f *Faults) Get(ctx context.Context, key string) ([]byte, error) {
	return planned(f, Get, key, func() ([]byte, error) { return f.inner.Get(ctx, key) })
}

// GetRange is Reader's.
func (f *Faults) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	return planned(f, GetRange, key, func() ([]byte, error) { return f.inner.GetRange(ctx, key, offset, length) })
}

// Put is Writer's.
func (f *Faults) Put(ctx context.Context, key string, body []byte) error {
	return f.Do(Put, key, func() error { return f.inner.Put(ctx, key, body) })
}

// Delete is Writer's.
func (f *Faults) Delete(ctx context.Context, key string) error {
	return f.Do(Delete, key, func() error { return f.inner.Delete(ctx, key) })
}

// List is Lister's. The argument that hooks see is the prefix.
func (f *Faults) List(ctx context.Context, prefix, after string, limit int) ([]objstore.Info, error) {
	return planned(f, List, prefix, func() ([]objstore.Info, error) { return f.inner.List(ctx, prefix, after, limit) })
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
