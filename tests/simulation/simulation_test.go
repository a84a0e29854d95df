package simulation

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	histories = flag.Uint64("histories", 200, "how many histories to run")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first; the others follow")
)

// TestEveryHistoryCountsEveryProfileOnce is what all of this is for.
func TestEveryHistoryCountsEveryProfileOnce(t *testing.T) {
	var profiles, calls atomic.Int64
	workers := uint64(runtime.GOMAXPROCS(0))
	t.Run("histories", func(t *testing.T) {
		for i := range workers {
			t.Run(fmt.Sprint("part ", i), func(t *testing.T) {
				t.Parallel()
				s := newShared(t)
				for seed := *firstSeed + i; seed < *firstSeed+*histories; seed += workers {
					var log func(string, ...any)
					if testing.Verbose() && *histories == 1 {
						log = t.Logf
					}
					o := live(t, s, seed, sabotage{}, log)
					if len(o.violations) > 0 {
						t.Errorf("seed %d: %d violations; again: go test ./tests/simulation -run Every -seed %d -histories 1 -v\n%s",
							seed, len(o.violations), seed, listed(o.violations))
					}
					profiles.Add(int64(o.profiles))
					calls.Add(int64(o.calls))
				}
			})
		}
	})
	t.Logf("%d histories with %d profiles and %d calls", *histories, profiles.Load(), calls.Load())
}

func listed(vs []violation) string {
	var b strings.Builder
	for _, v := range vs[:min(len(vs), 10)] {
		fmt.Fprintln(&b, v)
	}
	return b.String()
}

// TestASeedGivesOneHistory: otherwise a seed that fails says nothing.
func TestASeedGivesOneHistory(t *testing.T) {
	s := newShared(t)
	for seed := *firstSeed; seed < *firstSeed+5; seed++ {
		var logs [2]strings.Builder
		for i := range logs {
			live(t, s, seed, sabotage{}, func(format string, args ...any) { fmt.Fprintf(&logs[i], format+"\n", args...) })
		}
		require.NotEmpty(t, logs[0].String())
		require.Equal(t, logs[0].String(), logs[1].String(), "seed %d", seed)
	}
}
