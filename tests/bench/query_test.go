package bench

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

// newQuerier returns a handler of queries with nothing in memory, as it is when
// a function starts.
func newQuerier(tb testing.TB, store objstore.Reader, index query.Index, now time.Time) http.Handler {
	r, err := block.NewReader(store)
	require.NoError(tb, err)
	return query.New(query.Settings{}, query.Deps{
		Index: index, Engine: engine.New(r),
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
}

// askAll asks questions one after the other and returns the bytes of the
// answers.
func askAll(tb testing.TB, querier func() http.Handler, questions []question) (bytes int64) {
	for _, q := range questions {
		n, err := call(tb.Context(), querier(), q.procedure, q.body)
		if err != nil {
			tb.Fatalf("%s: %v", q.name, err)
		}
		bytes += n
	}
	return bytes
}

// states are what is stored when queries come: the segments as they were
// written, or one block.
func (w *world) states() map[string]query.Index {
	return map[string]query.Index{"fresh": w.fresh, "settled": w.settled}
}

// overStates runs a benchmark for each state of the store and of the process:
// warm has answered before, cold has just been started (though the files are in
// the page cache).
func (w *world) overStates(b *testing.B, run func(b *testing.B, querier func() http.Handler)) {
	for _, state := range []string{"fresh", "settled"} {
		index := w.states()[state]
		cold := func() http.Handler { return newQuerier(b, w.store, index, w.corpus.end) }
		b.Run(state+"/warm", func(b *testing.B) {
			h := cold()
			run(b, func() http.Handler { return h })
		})
		b.Run(state+"/cold", func(b *testing.B) { run(b, cold) })
	}
}

// measure asks questions over and over.
func measure(b *testing.B, querier func() http.Handler, questions []question) {
	bytes := askAll(b, querier, questions) // also what makes it warm
	m := startMeter(b)
	b.ReportAllocs()
	for b.Loop() {
		askAll(b, querier, questions)
	}
	m.report()
	b.ReportMetric(float64(bytes), "answer-B/op")
}

// BenchmarkQuery asks each question of the standard set in the last hour.
func BenchmarkQuery(b *testing.B) {
	w := built(b)
	questions, err := standard(w.target, time.Hour)
	require.NoError(b, err)
	for _, q := range questions {
		b.Run(q.name+"/1h", func(b *testing.B) {
			w.overStates(b, func(b *testing.B, querier func() http.Handler) { measure(b, querier, []question{q}) })
		})
	}
}

// BenchmarkQuerySet asks the whole standard set: 22 questions each in the last
// 5 minutes and in the last hour. The 44 are one operation.
func BenchmarkQuerySet(b *testing.B) {
	w := built(b)
	var both []question
	for _, length := range []time.Duration{5 * time.Minute, time.Hour} {
		questions, err := standard(w.target, length)
		require.NoError(b, err)
		both = append(both, questions...)
	}
	w.overStates(b, func(b *testing.B, querier func() http.Handler) {
		memory := watchMemory()
		measure(b, querier, both)
		memory.report(b)
	})
}
