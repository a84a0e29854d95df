package bench

import (
	"maps"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// podAt is a pod and when it pushed, Unix milliseconds.
type podAt struct {
	name   string
	millis int64
}

// keeper looks at messages on their way to the queue.
type keeper struct {
	room   int64 // bytes that still may be kept
	bodies [][]byte
	pods   map[string]podAt // of each service the one that pushed last
}

func (k *keeper) see(body []byte) error {
	if k.room > 0 {
		k.bodies = append(k.bodies, body)
		k.room -= int64(len(body))
	}
	e, err := envelope.Decode(body)
	if err != nil {
		return err
	}
	// Messages come in any order: they are packed in parallel.
	service, at := e.Labels.Get(profile.LabelServiceName), podAt{e.Labels.Get("pod"), e.ReceivedAt}
	if last, ok := k.pods[service]; !ok || at.millis > last.millis {
		k.pods[service] = at
	}
	return nil
}

// target returns what the queries of one service ask for: the service in the
// middle of the list, so that it is not special in any way, and a pod that is
// there at the end.
func (k *keeper) target() (service, pod string) {
	services := slices.Sorted(maps.Keys(k.pods))
	service = services[len(services)/2]
	return service, k.pods[service].name
}
