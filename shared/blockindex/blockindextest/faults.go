package blockindextest

import (
	"context"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// The methods of an index, for Faults.
const (
	Insert  faultplan.Op = "blockindex.Insert"
	Find    faultplan.Op = "blockindex.Find"
	All     faultplan.Op = "blockindex.All"
	Delete  faultplan.Op = "blockindex.Delete"
	Tenants faultplan.Op = "blockindex.Tenants"
)

// The two halves of a fault pair, as in faultplan.
const (
	Before = faultplan.Before // the call fails without having happened
	After  = faultplan.After  // the call fails although it happened
)

// Faults is an index that fails where its plan says so:
//
//	index := blockindextest.NewFaults(blockindextest.NewMem())
//	index.FailNext(blockindextest.Insert, blockindextest.After, nil)
//
// To hooks the argument of a call is the row's id for Insert, the ids with
// commas between them for Delete, and the tenant for Find and All.
type Faults struct {
	*faultplan.Plan
	inner blockindex.Index
}

var _ blockindex.Index = (*Faults)(nil)

// NewFaults decorates an index with a plan of its own.
func NewFaults(inner blockindex.Index) *Faults { return NewFaultsOf(faultplan.New(), inner) }

// NewFaultsOf decorates an index with a plan that other decorators may share.
func NewFaultsOf(plan *faultplan.Plan, inner blockindex.Index) *Faults {
	return &Faults{Plan: plan, inner: inner}
}

// Insert is Index's.
func (f *Faults) Insert(ctx context.Context, row blockindex.Row) error {
	return f.Do(Insert, row.ID, func() error { return f.inner.Insert(ctx, row) })
}

// Find is Index's.
func (f *Faults) Find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	return planned(f, Find, string(tenant), func() ([]blockindex.Row, error) { return f.inner.Find(ctx, tenant, from, to) })
}

// All is Index's.
func (f *Faults) All(ctx context.Context, tenant profile.TenantID) ([]blockindex.Row, error) {
	return planned(f, All, string(tenant), func() ([]blockindex.Row, error) { return f.inner.All(ctx, tenant) })
}

// Delete is Index's.
func (f *Faults) Delete(ctx context.Context, tenant profile.TenantID, ids ...string) error {
	return f.Do(Delete, strings.Join(ids, ","), func() error { return f.inner.Delete(ctx, tenant, ids...) })
}

// Tenants is Index's.
func (f *Faults) Tenants(ctx context.Context) ([]profile.TenantID, error) {
	return planned(f, Tenants, "", func() ([]profile.TenantID, error) { return f.inner.Tenants(ctx) })
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
