package ingest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

func TestServicesAreSpreadOverQueues(t *testing.T) {
	const services = 10_000
	for n := 1; n <= 8; n++ {
		counts, moved := make([]int, n), 0
		for i := range services {
			key := serviceHash("acme", fmt.Sprint("service-", i))
			q := jump(key, n)
			counts[q]++
			if more := jump(key, n+1); more != q {
				require.Equal(t, n, more, "only the new queue takes services")
				moved++
			}
		}
		for _, c := range counts {
			require.InDelta(t, services/n, c, services/20)
		}
		require.InDelta(t, services/(n+1), moved, services/20)
	}
}

// A change would send what is pushed again to another queue, where nobody
// knows it.
func TestTheQueueOfAServiceStaysTheSame(t *testing.T) {
	require.Equal(t, uint64(0x9b1a), serviceHash("acme", "api")&0xffff)
	require.NotEqual(t, serviceHash("ab", "c"), serviceHash("a", "bc"))
	require.Equal(t, []int{0, 0, 2}, []int{jump(1, 2), jump(7, 3), jump(99, 7)})
}

func TestASeriesHasOneQueue(t *testing.T) {
	h := &Handler{Deps: Deps{Queues: make([]queue.Sender, 4)}}
	a := profile.NewLabels(profile.LabelServiceName, "api", "pod", "1")
	b := profile.NewLabels(profile.LabelServiceName, "api", "pod", "2")
	require.Equal(t, h.queueOf("acme", a), h.queueOf("acme", b))
}
