package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

var errOutage = errors.New("secret detail of the outage")

func pod(t testing.TB, i int) *pushv1.RawProfileSeries {
	return series(raw(gz(t, cpu(now, 1))), "__name__", "process_cpu", "service_name", "api", "pod", fmt.Sprint(i))
}

func TestGoodSeriesAreStoredBesideBadOnes(t *testing.T) {
	b := newBench(t)
	bad := series(raw([]byte("hello")), "__name__", "process_cpu", "service_name", "api", "pod", "bad")
	status, code, message := b.push(request(pod(t, 1), bad, pod(t, 2)))
	require.Equal(t, 400, status)
	require.Equal(t, "invalid_argument", code)
	require.Contains(t, message, `1 of 3 profiles refused: {__name__="process_cpu", pod="bad", service_name="api"}: malformed pprof`)
	require.NotContains(t, message, `pod="1"`)
	var stored []string
	for _, r := range b.received() {
		stored = append(stored, r.Labels.Get("pod"))
	}
	require.Equal(t, []string{"1", "2"}, stored)
	require.Contains(t, b.log.String(), `"refused":1,"reasons":{"malformed":1}`)
	require.NotContains(t, b.log.String(), "hello")
}

func TestOfManyBadSeriesSomeAreNamed(t *testing.T) {
	b := newBench(t)
	var all []*pushv1.RawProfileSeries
	for i := range 20 {
		all = append(all, series(raw(nil), "__name__", "process_cpu", "service_name", "api", "pod", fmt.Sprint(i), "long", strings.Repeat("ü", 1000)))
	}
	status, _, message := b.push(request(all...))
	require.Equal(t, 400, status)
	require.Contains(t, message, "20 of 20 profiles refused")
	require.Contains(t, message, "and 15 more")
	require.Less(t, len(message), 5*700)
}

func TestManyProfilesTravelInBatches(t *testing.T) {
	b := newBench(t)
	var all []*pushv1.RawProfileSeries
	for i := range 35 {
		all = append(all, pod(t, i))
	}
	status, _, message := b.push(request(all...))
	require.Equal(t, 200, status, message)
	require.ElementsMatch(t, []int{10, 10, 10, 5}, b.queue.batches)
	require.Len(t, b.queue.ids(), 35)
}

func TestBatchesRespectTheBytesOfACall(t *testing.T) {
	b := newBench(t)
	var all []*pushv1.RawProfileSeries
	for i := range 12 {
		all = append(all, series(raw(gz(t, large(now, 3500))), "__name__", "process_cpu", "pod", fmt.Sprint(i)))
	}
	status, _, message := b.push(request(all...))
	require.Equal(t, 200, status, message)
	require.Greater(t, len(b.queue.sent[0].Body), 100<<10, "large enough that ten are more than a call takes")
	require.Greater(t, len(b.queue.batches), 2)
	require.Len(t, b.queue.ids(), 12)
	require.Empty(t, b.store.objects)
}

func TestLargeProfilesAreStoredBeforeTheirMessage(t *testing.T) {
	b := newBench(t)
	b.queue.before = func(batch []queue.Message) {
		for _, m := range batch {
			e, err := envelope.Decode(m.Body)
			require.NoError(t, err)
			_, ok := b.store.get(e.Key)
			require.True(t, ok, "sent before its object was stored")
		}
	}
	req := request(series(raw(gz(t, large(now, 15000))), "__name__", "process_cpu"))
	for range 2 { // the second is a client that did not see the answer
		status, _, message := b.push(req)
		require.Equal(t, 200, status, message)
	}
	require.Len(t, b.store.objects, 1)
	require.Len(t, b.queue.ids(), 1)
	require.Less(t, len(b.queue.sent[0].Body), 1000)
	got := b.received()[0]
	require.Equal(t, envelope.Key("anonymous", got.ID), got.Key)
	require.Len(t, got.Profile.Samples, 15001)
}

func TestAnObjectPackedByAnotherVersionIsTheSameProfile(t *testing.T) {
	b := newBench(t)
	req := request(series(raw(gz(t, large(now, 15000))), "__name__", "process_cpu"))
	status, _, _ := b.push(req)
	require.Equal(t, 200, status)
	for key, body := range b.store.objects {
		b.store.objects[key] = append(body, 0)
	}
	status, _, message := b.push(req)
	require.Equal(t, 200, status, message)
}

func TestStoreFailure(t *testing.T) {
	b := newBench(t)
	b.store.err = errOutage
	status, code, message := b.push(request(series(raw(gz(t, large(now, 15000))), "__name__", "process_cpu"), pod(t, 1)))
	require.Equal(t, 503, status)
	require.Equal(t, "unavailable", code)
	require.NotContains(t, message, "secret")
	require.Len(t, b.received(), 1, "what could be stored is")
	require.Contains(t, b.log.String(), "secret", "but the log says what it was")
}

func TestQueueOutage(t *testing.T) {
	b := newBench(t)
	b.queue.fault = func(queue.Message) (bool, error) { return false, errOutage }
	bad := series(raw(nil), "__name__", "process_cpu")
	status, code, message := b.push(request(pod(t, 1), bad))
	require.Equal(t, 503, status, "to be sent again, whatever else is wrong with it")
	require.Equal(t, "unavailable", code)
	require.NotContains(t, message, "secret")

	w := b.do("POST", "/ingest?name=app&format=pprof", bytes.NewReader(gz(t, cpu(now, 1))))
	code, message = errorBody(t, w)
	require.Equal(t, 503, w.Code)
	require.Equal(t, "unavailable", code)
	require.NotContains(t, message, "secret")
}

func TestAMessageThatFailsOnceIsSentAgain(t *testing.T) {
	b := newBench(t)
	failed := false
	b.queue.fault = func(queue.Message) (bool, error) {
		if failed {
			return true, nil
		}
		failed = true
		return false, errOutage
	}
	status, _, _ := b.push(request(pod(t, 1), pod(t, 2), pod(t, 3)))
	require.Equal(t, 200, status)
	require.Equal(t, []int{3, 1}, b.queue.batches)
	require.Len(t, b.queue.sent, 3)
}

// Whatever the queue does, success means that it has every profile, and a
// client that goes on until then has stored each exactly once.
func TestNothingIsAcknowledgedThatIsNotOnTheQueue(t *testing.T) {
	var all []*pushv1.RawProfileSeries
	for i := range 25 {
		all = append(all, pod(t, i))
	}
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		b := newBench(t)
		b.queue.fault = func(queue.Message) (bool, error) {
			switch rnd.IntN(20) {
			case 0:
				return false, errOutage
			case 1, 2:
				return true, errOutage // unknown outcome
			}
			return true, nil
		}
		status := 0
		for try := 0; status != 200; try++ {
			require.Less(t, try, 100, "never succeeds")
			status, _, _ = b.push(request(all...))
			require.Contains(t, []int{200, 503}, status)
		}
		require.Len(t, b.queue.ids(), 25)
	}
}

func TestTheSameProfileHasTheSameIDHoweverItIsSent(t *testing.T) {
	p := cpu(now, 5)
	same := newBench(t)
	push := func(profile []byte, labels ...string) {
		status, _, message := same.push(request(series(raw(profile), labels...)))
		require.Equal(t, 200, status, message)
		same.now = same.now.Add(time.Second)
	}
	push(gz(t, p), "__name__", "process_cpu", "service_name", "api")
	push(gz(t, p), "__name__", "process_cpu", "service_name", "api")
	push(plain(t, p), "service_name", "api", "__name__", "process_cpu", "__delta__", "false")
	require.Len(t, same.queue.sent, 3)
	require.Len(t, same.queue.ids(), 1)

	push(gz(t, cpu(now, 6)), "__name__", "process_cpu", "service_name", "api")
	require.Len(t, same.queue.ids(), 2, "other content at the same time")
	require.Equal(t, same.queue.sent[0].Group, same.queue.sent[3].Group)
	push(gz(t, cpu(now.Add(1), 5)), "__name__", "process_cpu", "service_name", "api")
	require.Len(t, same.queue.ids(), 3, "other time")
	push(gz(t, p), "__name__", "process_cpu", "service_name", "web")
	require.Len(t, same.queue.ids(), 4, "other labels")
	require.NotEqual(t, same.queue.sent[0].Group, same.queue.sent[5].Group)
	push(gz(t, cpu(time.Time{}, 5)), "__name__", "process_cpu", "service_name", "api")
	push(gz(t, cpu(time.Time{}, 5)), "__name__", "process_cpu", "service_name", "api")
	require.Len(t, same.queue.ids(), 6, "without a time each is a profile of its own")
}

func TestProfilesWithoutATimeAreOfNow(t *testing.T) {
	b := newBench(t)
	status, _, _ := b.push(request(series(raw(gz(t, cpu(time.Time{}, 1))), "__name__", "process_cpu")))
	require.Equal(t, 200, status)
	require.Equal(t, now.UnixNano(), b.received()[0].Profile.TimeNanos)
}

func TestARequestThatIsOutOfTimeIsNotAcknowledged(t *testing.T) {
	body, err := proto.Marshal(request(pod(t, 1)))
	require.NoError(t, err)
	for want, ctx := range map[int]func() (context.Context, context.CancelFunc){
		504: func() (context.Context, context.CancelFunc) {
			return context.WithDeadline(context.Background(), time.Unix(0, 0))
		},
		499: func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return ctx, cancel
		},
	} {
		for target, sent := range map[string]struct {
			contentType string
			body        []byte
		}{
			pushPath:                        {"application/proto", body},
			"/ingest?name=app&format=pprof": {"", gz(t, cpu(now, 1))},
			otlpPath:                        {protobuf, []byte(wire(t, otlpRequest(now)))},
		} {
			c, cancel := ctx()
			b := newBench(t)
			b.queue.fault = func(queue.Message) (bool, error) { return false, c.Err() }
			r := httptest.NewRequest("POST", target, bytes.NewReader(sent.body)).WithContext(c)
			r.Header.Set("Content-Type", sent.contentType)
			w := httptest.NewRecorder()
			b.handler.ServeHTTP(w, r)
			require.Equal(t, want, w.Code, "%s: %s", target, w.Body)
			require.Empty(t, b.queue.sent)
			cancel()
		}
	}
}
