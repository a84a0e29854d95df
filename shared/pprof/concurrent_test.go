package pprof_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// What pools hand out again must carry nothing from one profile to another.
func TestConcurrentProfilesDoNotMix(t *testing.T) {
	all := fixtures(t)
	ingest := func(data []byte) string {
		p, err := pprof.Decode(data, pprof.DefaultLimits())
		if err != nil {
			return err.Error()
		}
		p.Normalize()
		return string(p.AppendEncode(nil))
	}
	want := make(map[string]string)
	for name, data := range all {
		want[name] = ingest(data)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := make(map[string]int)
	for range 4 {
		for name, data := range all {
			wg.Go(func() {
				_, _ = pprof.Decode(data[:len(data)/2], pprof.DefaultLimits())
				same := ingest(data) == want[name]
				mu.Lock()
				defer mu.Unlock()
				if same {
					got[name]++
				}
			})
		}
	}
	wg.Wait()
	for name := range all {
		require.Equal(t, 4, got[name], name)
	}
}
