package bench

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/blockindextest"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
)

// A dashboard looks at so much time and asks again so often.
const (
	repeatedTime  = 6 * time.Hour
	repeatedEvery = 15 * time.Second
	// repeatedInterval is that of the profiles of a pod.
	repeatedInterval = 15 * time.Second
	// repeatedSpan is the time in which the questions are asked.
	repeatedSpan = 15 * time.Minute
	// repeatedFresh is how much of the end of the time is not merged yet when
	// the first question is asked; until the last nothing more is merged.
	repeatedFresh = 12 * time.Minute
)

// hourly merges what lies in the same hour, as compaction does, but for the
// newest segments.
func (w *world) hourly(ctx context.Context) (*blockindextest.Mem, error) {
	index := blockindextest.NewMem()
	windows := make(map[int64][]*block.Meta)
	for _, m := range w.segments {
		if m.MaxTime > w.end.Add(-repeatedSpan-repeatedFresh).UnixNano() {
			if err := storeRow(ctx, index, m); err != nil {
				return nil, err
			}
			continue
		}
		at := m.MinTime / int64(time.Hour)
		windows[at] = append(windows[at], m)
	}
	for _, of := range windows {
		m, err := merge(ctx, w.store, of)
		if err != nil {
			return nil, err
		}
		if err := storeRow(ctx, index, m); err != nil {
			return nil, err
		}
	}
	return index, nil
}

// repeated are the questions of a dashboard about the last hours.
func (w *world) repeated(end time.Time) []question {
	a := &asking{target: w.target, end: end.UnixMilli(), length: repeatedTime}
	a.start = end.Add(-repeatedTime).UnixMilli()
	one := fmt.Sprintf("{service_name=%q}", w.service)
	for _, s := range []struct{ name, selector string }{{"service", one}, {"all", "{}"}} {
		a.add("flame_graph/"+s.name, querierv1connect.QuerierServiceSelectMergeStacktracesProcedure,
			stackTraces(cpuType, s.selector, a.start, a.end))
		a.add("merged_pprof/"+s.name, querierv1connect.QuerierServiceSelectMergeProfileProcedure, a.profile(s.selector))
		const step = 60_000
		for name, by := range map[string]int64{"series": 0, "series_unaligned": 3} { // milliseconds beside the step's multiples
			a.add(name+"/"+s.name, querierv1connect.QuerierServiceSelectSeriesProcedure, &querierv1.SelectSeriesRequest{
				ProfileTypeID: cpuType, LabelSelector: s.selector, Step: step / 1000, GroupBy: []string{"pod"},
				Start: a.start/step*step + by, End: a.end/step*step + by,
			})
		}
	}
	slices.SortFunc(a.questions, func(x, y question) int { return strings.Compare(x.name, y.name) })
	return a.questions
}

// BenchmarkRepeated asks for the last hours again and again while time goes on:
// "whole" without kept results, "first" when none is kept yet, "following" as a
// dashboard that is refreshed, in a process that stays, and "following/cold" in
// one that has just been started each time.
func BenchmarkRepeated(b *testing.B) {
	c, err := fixtureCorpusEvery(fixturesDir, int((repeatedTime+20*time.Minute)/repeatedInterval), repeatedInterval)
	require.NoError(b, err)
	w, err := build(b.Context(), b.TempDir(), c)
	require.NoError(b, err)
	index, err := w.hourly(b.Context())
	require.NoError(b, err)
	b.Logf("%d blocks when all is asked, %d segments", len(blocksOf(b, w, index)), len(w.segments))
	for i, q := range w.repeated(w.end) {
		run := func(name string, first, stays bool, handler func(now func() time.Time) http.Handler) {
			b.Run(q.name+"/"+name, func(b *testing.B) {
				end := w.end.Add(-repeatedSpan)
				now := func() time.Time { return end }
				h := handler(now)
				if !first {
					_, err := call(b.Context(), h, q.procedure, w.repeated(end)[i].body)
					require.NoError(b, err)
				}
				var used time.Duration
				for b.Loop() {
					if end = end.Add(repeatedEvery); end.After(w.end) {
						end = w.end.Add(-repeatedSpan)
					}
					if first || !stays {
						h = handler(now)
					}
					body := w.repeated(end)[i].body
					m := startMeter(b)
					_, err := call(b.Context(), h, q.procedure, body)
					used += m.used()
					require.NoError(b, err)
				}
				b.ReportMetric(float64(used.Microseconds())/1000/float64(b.N), "cpu-ms/op")
			})
		}
		run("whole", false, true, func(func() time.Time) http.Handler { return newQuerier(b, w.store, index, w.end) })
		n := 0
		fresh := func() *filestore.Store {
			n++
			s, err := filestore.Open(filepath.Join(b.TempDir(), fmt.Sprint(n)), filestore.WithoutSync())
			require.NoError(b, err)
			return s
		}
		run("first", true, true, func(now func() time.Time) http.Handler { return w.keeping(b, index, fresh(), now) })
		kept := fresh()
		run("following", false, true, func(now func() time.Time) http.Handler { return w.keeping(b, index, kept, now) })
		run("following/cold", false, false, func(now func() time.Time) http.Handler { return w.keeping(b, index, kept, now) })
	}
}

// blocksOf returns the blocks of the questions and logs what they are like.
func blocksOf(tb testing.TB, w *world, index *blockindextest.Mem) []*block.Meta {
	blocks, err := w.blocks(tb.Context(), index)
	require.NoError(tb, err)
	for _, m := range blocks {
		tb.Logf("block of %s, %d bytes, until %s before the end", time.Duration(m.MaxTime-m.MinTime), m.Size, w.end.Sub(time.Unix(0, m.MaxTime)))
	}
	return blocks
}

// keeping returns a handler that keeps results, with nothing in memory.
func (w *world) keeping(tb testing.TB, index query.Index, results resultcache.Store, now func() time.Time) http.Handler {
	memory := bytecache.New(64 << 20)
	r, err := block.NewReader(bytecache.NewReader(w.store, memory))
	require.NoError(tb, err)
	log := slog.New(slog.DiscardHandler)
	return query.New(query.Settings{}, query.Deps{
		Index: index, Engine: engine.New(r), Now: now, Log: log,
		Results: resultcache.New(resultcache.DefaultSettings(), results, memory, now, log),
	})
}
