package fanout

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// queue has a tenant ask for so many turns, which it records when they come.
func queue(t *testing.T, turns *turns, tenant profile.TenantID, n int, got *[]profile.TenantID) {
	for range n {
		go func() {
			require.NoError(t, turns.take(t.Context(), tenant))
			*got = append(*got, tenant) // one at a time: Concurrency is 1
		}()
		synctest.Wait()
	}
}

func enter(t *testing.T, turns *turns, tenants ...profile.TenantID) {
	for _, tenant := range tenants {
		require.NoError(t, turns.enter(tenant))
	}
}

func TestTenantsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(TurnLimits{Concurrency: 1, TenantConcurrency: 1, TenantQueries: 9})
		enter(t, turns, "heavy", "light", "other")
		var got []profile.TenantID
		queue(t, turns, "heavy", 5, &got)
		queue(t, turns, "light", 2, &got)
		queue(t, turns, "other", 1, &got)
		for i := 0; i < len(got); i++ {
			turns.give(got[i])
			synctest.Wait()
		}
		require.Equal(t, []profile.TenantID{"heavy", "heavy", "light", "other", "heavy", "light", "heavy", "heavy"}, got)
		require.Zero(t, turns.running)
		for _, tenant := range []profile.TenantID{"heavy", "light", "other"} {
			turns.leave(tenant)
		}
		require.Empty(t, turns.tenants)
		require.Empty(t, turns.ring)
	})
}

// While one tenant has as much going as it may, there is room for others.
func TestATenantLeavesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(TurnLimits{Concurrency: 3, TenantConcurrency: 2, TenantQueries: 9})
		enter(t, turns, "heavy", "light")
		for range 2 {
			require.NoError(t, turns.take(t.Context(), "heavy"))
		}
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		for range 3 {
			go func() { failed <- turns.take(ctx, "heavy") }()
		}
		synctest.Wait()
		require.NoError(t, turns.take(t.Context(), "light"))
		// Those who stop waiting leave nothing behind.
		cancel()
		for range 3 {
			require.ErrorIs(t, <-failed, context.Canceled)
		}
		require.Empty(t, turns.ring)
		turns.give("heavy")
		require.NoError(t, turns.take(t.Context(), "heavy"))
		require.Equal(t, 3, turns.running)
	})
}

func TestATurnThatComesTooLateIsGivenBack(t *testing.T) {
	turns := newTurns(TurnLimits{Concurrency: 1, TenantConcurrency: 1, TenantQueries: 9})
	enter(t, turns, "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // either may win
		if turns.take(ctx, "a") == nil {
			turns.give("a")
		}
		require.Zero(t, turns.running)
	}
}

func TestTooManyQueriesOfATenantAreRefused(t *testing.T) {
	turns := newTurns(TurnLimits{Concurrency: 9, TenantConcurrency: 9, TenantQueries: 2})
	enter(t, turns, "a", "a", "b")
	require.ErrorIs(t, turns.enter("a"), ErrBusy)
	require.NoError(t, turns.enter("b"))
	turns.leave("a")
	require.NoError(t, turns.enter("a"))
	require.True(t, errors.Is(turns.enter("a"), ErrBusy))
}
