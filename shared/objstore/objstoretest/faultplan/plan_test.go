package faultplan_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
)

const (
	put faultplan.Op = "put"
	get faultplan.Op = "get"
)

// calls makes n calls of op and tells which took place and which failed.
func calls(p *faultplan.Plan, op faultplan.Op, n int) (done, failed []bool) {
	for range n {
		took := false
		err := p.Do(op, "k", func() error { took = true; return nil })
		done, failed = append(done, took), append(failed, err != nil)
	}
	return done, failed
}

func TestFaultsComeInPairs(t *testing.T) {
	for _, when := range faultplan.Both {
		t.Run(when.String(), func(t *testing.T) {
			p := faultplan.New()
			p.FailNth(put, 2, when, nil)
			require.Equal(t, 1, p.Pending())
			_, failed := calls(p, get, 3)
			require.Equal(t, []bool{false, false, false}, failed, "calls of another op")
			done, failed := calls(p, put, 3)
			require.Equal(t, []bool{false, true, false}, failed)
			require.Equal(t, []bool{true, when == faultplan.After, true}, done)
			require.Zero(t, p.Pending())
			require.Equal(t, []faultplan.Call{{Op: put, Arg: "k", N: 2, Total: 5}}, p.Fired())
			require.Equal(t, 6, p.Calls())
			require.Equal(t, 3, p.Calls(put))
		})
	}
}

func TestFailNextTwiceHitsTwoCalls(t *testing.T) {
	p := faultplan.New()
	p.FailNext(put, faultplan.Before, nil)
	p.FailNext(put, faultplan.After, nil)
	p.FailNth(put, 4, faultplan.Before, nil)
	done, failed := calls(p, put, 5)
	require.Equal(t, []bool{true, true, false, true, false}, failed)
	require.Equal(t, []bool{false, true, true, false, true}, done)
}

func TestErrorIsTheOneGiven(t *testing.T) {
	p, boom := faultplan.New(), errors.New("boom")
	p.FailNext(put, faultplan.After, boom)
	own := errors.New("its own")
	err := p.Do(put, "k", func() error { return own })
	require.ErrorIs(t, err, boom)
	require.NotErrorIs(t, err, own)
	require.ErrorIs(t, p.Do(put, "k", func() error { return own }), own)
	p.FailNext(put, faultplan.Before, nil)
	require.ErrorIs(t, p.Do(put, "k", func() error { return nil }), faultplan.ErrFault)
}

func TestCrashEndsAllCallsUntilRevived(t *testing.T) {
	for _, when := range faultplan.Both {
		p := faultplan.New()
		p.CrashAt(2, when)
		_, failed := calls(p, put, 1)
		require.Equal(t, []bool{false}, failed)
		done, failed := calls(p, get, 1)
		require.Equal(t, []bool{true}, failed)
		require.Equal(t, []bool{when == faultplan.After}, done)
		done, failed = calls(p, put, 2)
		require.Equal(t, []bool{true, true}, failed)
		require.Equal(t, []bool{false, false}, done)
		require.Equal(t, 2, p.Calls(), "calls of a dead process do not count")
		p.Revive()
		_, failed = calls(p, put, 2)
		require.Equal(t, []bool{false, false}, failed)
	}
	p := faultplan.New()
	p.CrashAt(1, faultplan.Before, put)
	_, failed := calls(p, get, 1)
	require.Equal(t, []bool{false}, failed, "an op that was not named")
	require.ErrorIs(t, p.Do(put, "k", func() error { return nil }), faultplan.ErrCrashed)
}

func TestHookSeesCallsBeforeAndAfter(t *testing.T) {
	p, boom := faultplan.New(), errors.New("boom")
	var log []string
	p.SetHook(func(c faultplan.Call, when faultplan.When) error {
		log = append(log, when.String())
		if c.Arg == "bad "+when.String() {
			return boom
		}
		return nil
	})
	do := func() error { log = append(log, "call"); return nil }
	require.NoError(t, p.Do(put, "good", do))
	require.Equal(t, []string{"before", "call", "after"}, log)
	log = nil
	require.ErrorIs(t, p.Do(put, "bad before", do), boom)
	require.Equal(t, []string{"before"}, log)
	log = nil
	require.ErrorIs(t, p.Do(put, "bad after", do), boom)
	require.Equal(t, []string{"before", "call", "after"}, log)
	p.SetHook(nil)
	require.NoError(t, p.Do(put, "bad before", do))
}

func TestEachFaultHitsOneOfManyConcurrentCalls(t *testing.T) {
	p := faultplan.New()
	for n := range 10 {
		p.FailNth(put, 1+3*n, faultplan.Before, nil)
	}
	var wg sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		wg.Go(func() { errs[i] = p.Do(put, "k", func() error { return nil }) })
	}
	wg.Wait()
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	require.Equal(t, 10, failed)
	require.Zero(t, p.Pending())
}
