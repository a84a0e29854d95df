package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

func TestBadCallsAreExplained(t *testing.T) {
	t.Setenv("PYROCUMULUS_QUEUE_URL", "")
	for _, c := range []struct{ args, want string }{
		{"", "which queue?"},
		{"--queue q all", "is no option"},
		{"--queue q --max -1", "--max must be"},
		{"--queue q --wait 21s", "--wait from 0s to 20s"},
	} {
		err := run(t.Context(), strings.Fields(c.args), io.Discard, io.Discard)
		require.ErrorContains(t, err, c.want, c.args)
	}
}

// A message that its receivers never delete becomes a dead letter by itself, and
// comes back.
func TestDeadLettersComeBack(t *testing.T) {
	for _, e := range []struct {
		name, variable string
		options        provision.Options
	}{
		{"MiniStack", emulators.EnvMiniStack, provision.Options{MaxMessageBytes: 256 << 10}},
		{"LocalStack", emulators.EnvLocalStack, provision.Options{}},
	} {
		t.Run(e.name, func(t *testing.T) {
			comeBack(t, emulators.Set{SQS: emulators.Endpoint(t, e.variable)}, e.options)
		})
	}
}

func comeBack(t *testing.T, set emulators.Set, o provision.Options) {
	for _, v := range set.Environment() {
		name, value, _ := strings.Cut(v, "=")
		if value != "" {
			t.Setenv(name, value)
		}
	}
	cfg, err := set.Config(t.Context())
	require.NoError(t, err)
	client := sqs.NewFromConfig(cfg)
	names := provision.NamesFor(fmt.Sprintf("redrive-%d", time.Now().UnixNano()))
	url, lettersURL, err := provision.Queues(t.Context(), client, names, o)
	require.NoError(t, err)
	q, letters := sqsqueue.New(client, url), sqsqueue.New(client, lettersURL)
	for i := range 12 {
		m := queue.Message{Group: fmt.Sprint("g", i%4), DedupID: fmt.Sprint("d", i), Body: []byte{byte('a' + i)}}
		require.Nil(t, q.Send(t.Context(), []queue.Message{m}))
	}
	exhaust(t, q)

	call := func(args ...string) string {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), append([]string{"--queue", url, "--wait", "1s"}, args...), &out, io.Discard))
		return out.String()
	}
	require.Regexp(t, `queue +about 0 waiting, 0 in flight[^\n]*\ndead letters +about 12 waiting`, call("--dry-run"))
	require.Contains(t, call("--max", "5"), "moved: 5\n")
	require.Contains(t, call(), "moved: 7\n")
	require.Contains(t, call(), "moved: 0\n")

	left, err := letters.Receive(t.Context(), queue.MaxBatch, 0, time.Minute)
	require.NoError(t, err)
	require.Empty(t, left)
	got := make(map[string]string)
	for range 12 {
		ds, err := q.Receive(t.Context(), queue.MaxBatch, time.Second, time.Minute)
		require.NoError(t, err)
		var handles []string
		for _, d := range ds {
			require.Equal(t, 2, d.Receives)
			got[d.Group] += string(d.Body)
			handles = append(handles, d.Handle)
		}
		if len(handles) > 0 {
			require.Nil(t, q.Delete(t.Context(), handles))
		}
	}
	require.Equal(t, map[string]string{"g0": "aei", "g1": "bfj", "g2": "cgk", "g3": "dhl"}, got)
}

// exhaust receives all messages until none comes any more.
func exhaust(t *testing.T, q queue.Queue) {
	t.Helper()
	for range 100 * sqsqueue.MaxReceives {
		ds, err := q.Receive(t.Context(), queue.MaxBatch, time.Second, time.Minute)
		require.NoError(t, err)
		if len(ds) == 0 {
			return
		}
		var handles []string
		for _, d := range ds {
			handles = append(handles, d.Handle)
		}
		require.Nil(t, q.Extend(t.Context(), handles, 0))
	}
	t.Fatal("messages are received for ever")
}
