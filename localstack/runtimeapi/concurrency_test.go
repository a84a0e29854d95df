package runtimeapi_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
)

// eventually waits for what another process or goroutine does.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 5*time.Millisecond, what)
}

func busy(h *runtimeapi.Host, n int) func() bool {
	return func() bool {
		_, busy := h.Environments("f")
		return busy == n
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	f := function(t, "ok")
	f.Concurrency = 2
	h := newHost(t, f)
	var wg sync.WaitGroup
	var processes sync.Map
	for range 2 {
		wg.Go(func() {
			a, _ := invoke(t, h, `{"MS":60000}`)
			processes.Store(a.Process, true)
		})
	}
	eventually(t, busy(h, 2), "two events in two environments")
	_, err := h.Invoke(t.Context(), "f", nil)
	require.ErrorIs(t, err, runtimeapi.ErrThrottled)
	// Kill while they may still be starting: either way they end.
	require.Equal(t, 2, h.Kill("f"))
	wg.Wait()
	_, r := invoke(t, h, `{}`)
	require.True(t, r.ColdStart, "there is room again")
}

func TestKillDuringAnEvent(t *testing.T) {
	h := newHost(t, function(t, "ok"))
	invoke(t, h, `{}`)
	done := make(chan runtimeapi.Result, 1)
	go func() {
		_, r := invoke(t, h, `{"MS":60000}`)
		done <- r
	}()
	eventually(t, busy(h, 1), "the event is being handled")
	require.Equal(t, 1, h.Kill("f"))
	e := failure(t, <-done)
	require.Equal(t, runtimeapi.TypeExit, e.Type)
	require.Contains(t, e.Message, "Runtime exited with error: signal: killed")
}

func TestIdleEnvironmentsAreReaped(t *testing.T) {
	f := function(t, "ok")
	f.IdleTimeout = 50 * time.Millisecond
	h := newHost(t, f)
	invoke(t, h, `{}`)
	eventually(t, func() bool {
		all, _ := h.Environments("f")
		return all == 0
	}, "the environment is ended")
	_, r := invoke(t, h, `{}`)
	require.True(t, r.ColdStart)
}

func TestACallerThatGoesAwayDoesNotStopTheFunction(t *testing.T) {
	h := newHost(t, function(t, "ok"))
	invoke(t, h, `{}`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = h.Invoke(ctx, "f", []byte(`{"Do":"log","MS":300}`))
	}()
	eventually(t, busy(h, 1), "the event is being handled")
	cancel()
	eventually(t, func() bool { return strings.Contains(h.Logs("f"), "a line of the function") }, "the line")
	eventually(t, busy(h, 0), "the function is done")
	_, r := invoke(t, h, `{}`)
	require.False(t, r.ColdStart)
}

func TestEventsWaitForAnEnvironment(t *testing.T) {
	f := function(t, "ok")
	f.Concurrency = 1
	h := newHost(t, f)
	for range 5 {
		require.NoError(t, h.InvokeEvent("f", []byte(`{"Do":"log","MS":20}`)))
	}
	eventually(t, func() bool { return strings.Count(h.Logs("f"), "a line of the function") == 5 }, "all events are handled")
}

func TestEventsThatFailAreRetried(t *testing.T) {
	f := function(t, "ok")
	f.EventRetries, f.RetryDelay = 2, 10*time.Millisecond
	h := newHost(t, f)
	require.NoError(t, h.InvokeEvent("f", []byte(`{"Do":"fail"}`)))
	eventually(t, func() bool { return strings.Count(h.Logs("f"), "as told") == 3 }, "the event is given three times")
	eventually(t, busy(h, 0), "and not again")
}

func TestSchedule(t *testing.T) {
	f := function(t, "exit") // writes a line each time
	h := newHost(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Every(ctx, "f", 10*time.Millisecond, nil) }()
	eventually(t, func() bool { return strings.Count(h.Logs("f"), "cannot start") >= 3 }, "three runs")
	cancel()
	require.NoError(t, <-ended)
	require.ErrorIs(t, h.Every(t.Context(), "g", time.Second, nil), runtimeapi.ErrNotFound)
}

func TestCloseEndsWhatRuns(t *testing.T) {
	h, err := runtimeapi.New(runtimeapi.Options{}, function(t, "ok"))
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		r, err := h.Invoke(context.Background(), "f", []byte(`{"MS":60000}`))
		if err == nil {
			err = r.Err()
		}
		done <- err
	}()
	eventually(t, busy(h, 1), "the event is being handled")
	h.Close()
	require.ErrorContains(t, <-done, runtimeapi.TypeExit)
	_, err = h.Invoke(t.Context(), "f", nil)
	require.ErrorIs(t, err, runtimeapi.ErrClosed)
	require.ErrorIs(t, h.InvokeEvent("f", nil), runtimeapi.ErrClosed)
}
