package redrive

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command/commandtest"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

func TestBadCallsAreExplained(t *testing.T) {
	line := commandtest.New(t, Command())
	for _, c := range []struct{ args, want string }{
		{"", "which queue?"},
		{"-queue q,r", "there are several queues"},
		{"-queue q all", `"all" is not a flag`},
		{"--queue q --max -1", "-max -1, want 0 or more"},
		{"-queue q -wait 21s", "-wait 21s, want 0s to 20s"},
	} {
		_, err := line.Try(strings.Fields(c.args)...)
		require.ErrorContains(t, err, c.want, c.args)
		require.Equal(t, 2, line.Code)
	}
}

func TestJSONIsAsDocumented(t *testing.T) {
	body, err := json.Marshal(moved{})
	require.NoError(t, err)
	require.NoError(t, commandtest.Shape(Command().JSON, string(body)))
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

	call := commandtest.New(t, Command(), "-queue", url, "-wait", "1s").Run
	require.Regexp(t, `queue +about 0 waiting, 0 in flight[^\n]*\ndead letters +about 12 waiting`, call("-dry-run"))
	require.Contains(t, call("-max", "5"), "moved: 5\n")
	require.Regexp(t, `"moved": 7,`, call("-json"))
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
