package bytecache

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
)

func key(tenant profile.TenantID, object string) Key { return Key{Tenant: tenant, Object: object} }

func TestTheCacheStaysBelowItsBound(t *testing.T) {
	const bound = 64 << 10
	c := New(bound)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		c.Put(key("a", fmt.Sprint(r.IntN(500))), make([]byte, r.IntN(bound/4)))
		require.LessOrEqual(t, c.Bytes(), int64(bound), "after %d", i)
	}
	require.Greater(t, c.Bytes(), int64(bound/2))
	require.Equal(t, c.order.Len(), len(c.entries))
}

func TestWhatWasNotUsedForLongestGoesFirst(t *testing.T) {
	c := New(100 << 10)
	body := make([]byte, 12<<10)
	for i := range 8 {
		c.Put(key("a", fmt.Sprint(i)), body)
	}
	_, ok := c.Get(key("a", "0"))
	require.True(t, ok)
	c.Put(key("a", "8"), body)
	_, ok = c.Get(key("a", "0"))
	require.True(t, ok)
	_, ok = c.Get(key("a", "1"))
	require.False(t, ok)
}

func TestAnEntryOfMoreThanItsShareIsNotHeld(t *testing.T) {
	c := New(80 << 10)
	c.Put(key("a", "large"), make([]byte, 11<<10))
	require.Zero(t, c.Bytes())
}

func TestNoCache(t *testing.T) {
	c := New(0)
	require.Nil(t, c)
	c.Put(key("a", "x"), []byte("x"))
	_, ok := c.Get(key("a", "x"))
	require.False(t, ok)
	require.Zero(t, c.Bytes())
}

// store answers with what it is asked for.
type store struct {
	reads atomic.Int64
	wait  chan struct{} // nil: not at all
	err   error
}

func (s *store) Get(ctx context.Context, key string) ([]byte, error) {
	return s.GetRange(ctx, key, 0, 0)
}

func (s *store) GetRange(_ context.Context, key string, offset, length int64) ([]byte, error) {
	s.reads.Add(1)
	if s.wait != nil {
		<-s.wait
	}
	return fmt.Appendf(nil, "%s %d %d", key, offset, length), s.err
}

func TestNoTenantGetsWhatIsAnothers(t *testing.T) {
	// The same names below the tenants, and a tenant whose name is a prefix.
	r := NewReader(&store{}, New(1<<20))
	for range 2 {
		for _, k := range []string{"a/blocks/1", "ab/blocks/1", "b/blocks/1"} {
			body, err := r.Get(t.Context(), k)
			require.NoError(t, err)
			require.Equal(t, k+" 0 0", string(body))
		}
	}
	_, ok := r.cache.Get(Key{Tenant: "b", Object: "a/blocks/1"})
	require.False(t, ok)
	_, ok = r.cache.Get(Key{Tenant: "a", Object: "a/blocks/1"})
	require.True(t, ok)
}

func TestReadsAreOfTheirRange(t *testing.T) {
	s := &store{}
	r := NewReader(s, New(1<<20))
	var reads readstats.Counter
	ctx := readstats.With(t.Context(), &reads)
	for range 3 {
		for i := range int64(4) {
			body, err := r.GetRange(ctx, "a/x", i, i+1)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("a/x %d %d", i, i+1), string(body))
		}
		body, err := r.Get(ctx, "a/x")
		require.NoError(t, err)
		require.Equal(t, "a/x 0 0", string(body))
	}
	require.EqualValues(t, 5, s.reads.Load())
	require.EqualValues(t, 10, reads.Counts().CacheHits)
}

func TestManyThatWantTheSameReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{wait: make(chan struct{})}
		r := NewReader(s, New(1<<20))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				body, err := r.Get(t.Context(), "a/x")
				if err != nil || string(body) != "a/x 0 0" {
					t.Errorf("%s, %v", body, err)
				}
			})
		}
		synctest.Wait()
		close(s.wait)
		all.Wait()
		require.EqualValues(t, 1, s.reads.Load())
		require.Empty(t, r.reading)
	})
}

func TestAnErrorIsNotOfOthersAndNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{wait: make(chan struct{}), err: errors.New("no")}
		r := NewReader(s, New(1<<20))
		for range 3 {
			go func() { _, _ = r.Get(t.Context(), "a/x") }()
		}
		synctest.Wait()
		require.EqualValues(t, 1, s.reads.Load())
		close(s.wait)
		synctest.Wait()
		require.EqualValues(t, 3, s.reads.Load(), "who waited reads for itself")
		s.err = nil
		body, err := r.Get(t.Context(), "a/x")
		require.NoError(t, err)
		require.Equal(t, "a/x 0 0", string(body))
	})
}

func TestWhoWaitsCanGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{wait: make(chan struct{})}
		r := NewReader(s, New(1<<20))
		go func() { _, _ = r.Get(t.Context(), "a/x") }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Get(ctx, "a/x")
		require.ErrorIs(t, err, context.Canceled)
		close(s.wait)
	})
}
