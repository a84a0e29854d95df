package dynamoindex

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
)

func open(f *fake) *Index {
	ix := New(f, "table")
	ix.pause = func(context.Context, int) {}
	return ix
}

func TestIndex(t *testing.T) {
	fakes := make(map[blockindex.Index]*fake)
	blockindextest.Run(t, func(*testing.T) blockindex.Index {
		f := newFake()
		ix := open(f)
		fakes[ix] = f
		return ix
	}, blockindextest.Reopen(func(_ *testing.T, ix blockindex.Index) blockindex.Index { return open(fakes[ix]) }))
}

func rowAt(n int, t int64) blockindex.Row {
	return blockindex.Row{Tenant: "t", ID: ulid.ULID{14: byte(n >> 8), 15: byte(n)}.String(), MinTime: t, MaxTime: t, CommittedAt: int64(n)}
}

// TestRequests counts what a call costs.
func TestRequests(t *testing.T) {
	f := newFake()
	ix := open(f)
	const now = 1_790_000_000_000_000_000
	counts := func() string {
		c := f.calls
		s := fmt.Sprintf("put %d get %d query %d transact %d", c["PutItem"], c["GetItem"], c["Query"], c["TransactWriteItems"])
		clear(c)
		return s
	}
	require.NoError(t, ix.Insert(t.Context(), rowAt(1, now)))
	require.Equal(t, "put 2 get 0 query 0 transact 1", counts())
	require.NoError(t, ix.Insert(t.Context(), rowAt(2, now)))
	require.Equal(t, "put 0 get 0 query 0 transact 1", counts())
	require.NoError(t, ix.Insert(t.Context(), rowAt(3, now+bucketLength)))
	require.Equal(t, "put 1 get 0 query 0 transact 1", counts())

	for length, want := range map[int64]string{
		0:                         "put 0 get 0 query 5 transact 0", // MaxSpan before it, and its own
		int64(7 * 24 * time.Hour): "put 0 get 0 query 33 transact 0",
		int64(8 * 24 * time.Hour): "put 0 get 0 query 3 transact 0", // which buckets there are, and these
		math.MaxInt64 - now:       "put 0 get 0 query 3 transact 0",
	} {
		rows, err := ix.Find(t.Context(), "t", now, now+length)
		require.NoError(t, err)
		require.Len(t, rows, map[bool]int{true: 2, false: 3}[length == 0])
		require.Equal(t, want, counts(), "%s", time.Duration(length))
	}
	merged := rowAt(4, now)
	merged.Level, merged.Sources = 1, []string{rowAt(1, 0).ID, rowAt(2, 0).ID}
	require.NoError(t, ix.Insert(t.Context(), merged))
	require.Equal(t, "put 0 get 0 query 0 transact 1", counts())
	require.NoError(t, ix.Delete(t.Context(), "t", rowAt(1, 0).ID, rowAt(9, 0).ID, "no id"))
	require.Equal(t, "put 0 get 2 query 0 transact 1", counts())
}

func TestNothingIsLeftOfDeletedRows(t *testing.T) {
	f := newFake()
	ix := open(f)
	a, b := rowAt(1, 1), rowAt(2, 2)
	b.Level = 1
	require.NoError(t, ix.Insert(t.Context(), a))
	require.NoError(t, ix.Insert(t.Context(), b))
	require.Len(t, f.items, 2+2+2)
	require.NoError(t, ix.Delete(t.Context(), "t", a.ID, b.ID))
	require.Len(t, f.items, 2)
	require.Contains(t, f.items, key{"tenants", "t"})
	require.Contains(t, f.items, key{"t#buckets", "000000"})
}

func TestMarksAreForgottenAndMadeAgain(t *testing.T) {
	f := newFake()
	ix := open(f)
	for i := range maxMarked + 10 {
		ix.remember(key{"x", fmt.Sprint(i)})
	}
	require.LessOrEqual(t, len(ix.marked), maxMarked)
	require.NoError(t, ix.Insert(t.Context(), rowAt(1, 1)))
	require.Equal(t, 2, f.calls["PutItem"])
}

func TestDamagedItems(t *testing.T) {
	good := rowAt(1, 1)
	good.Detail = []byte("x")
	for name, bad := range map[string]types.AttributeValue{
		attrLevel: text("1"), attrMinTime: number(5), attrMaxTime: &types.AttributeValueMemberN{Value: "1.5"},
		attrCommittedAt: nil, attrID: text("short"), attrSources: text("x"), attrDetail: text("x"),
	} {
		f := newFake()
		ix := open(f)
		require.NoError(t, ix.Insert(t.Context(), good))
		f.items[placeOf(&good).row()][name] = bad
		if name == attrMaxTime { // the filter of the fake looks at it
			require.ErrorContains(t, ix.Insert(t.Context(), good), name)
			continue
		}
		_, err := ix.Find(t.Context(), "t", 0, 10)
		require.ErrorContains(t, err, good.ID, name)
	}
}

func TestCancelled(t *testing.T) {
	ix := open(newFake())
	cause := errors.New("the reason of the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	_, find := ix.Find(ctx, "t", 0, 10)
	_, all := ix.All(ctx, "t")
	_, tenants := ix.Tenants(ctx)
	for name, err := range map[string]error{
		"Insert": ix.Insert(ctx, rowAt(1, 1)), "Delete": ix.Delete(ctx, "t", rowAt(1, 1).ID), "Delete of none": ix.Delete(ctx, "t"),
		"Find": find, "All": all, "Tenants": tenants,
	} {
		require.ErrorIs(t, err, cause, name)
	}
}
