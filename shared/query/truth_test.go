package query_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// randomWorld stores random profiles in several blocks.
func randomWorld(t *testing.T, seed uint64) (*world, []blocktest.Pushed) {
	r := rand.New(rand.NewPCG(seed, 7))
	pushed := blocktest.Random(r, 150, 60)
	w := newWorld(t, query.Settings{})
	for chunk := range slices.Chunk(pushed, 30) {
		w.store(t, "anonymous", chunk...)
	}
	return w, pushed
}

// truth is what a query has to find, by plain means.
type truth struct {
	typeID, selector string
	from, to         int64 // Unix milliseconds, inclusive
	span             uint64
}

func (q truth) rows(t *testing.T, pushed ...blocktest.Pushed) []blocktest.Row {
	sel, err := selector.Parse(q.selector)
	require.NoError(t, err)
	return slices.DeleteFunc(blocktest.Rows(pushed), func(r blocktest.Row) bool {
		ms := r.TimeNanos / 1e6
		return ms < q.from || ms > q.to || r.Type.String() != q.typeID || q.span != 0 && q.span != r.Span ||
			!sel.Matches(r.Type.SeriesLabels(r.Labels))
	})
}

func (q truth) stacks(t *testing.T, pushed ...blocktest.Pushed) map[string]int64 {
	out := map[string]int64{}
	for _, r := range q.rows(t, pushed...) {
		if r.Value != 0 {
			out[r.Stack] += r.Value
		}
	}
	return out
}

func (q truth) request() *querierv1.SelectMergeStacktracesRequest {
	r := &querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: q.typeID, LabelSelector: q.selector, Start: q.from, End: q.to, MaxNodes: ptr(int64(1 << 20)),
	}
	if q.span != 0 {
		r.SpanSelector = []string{fmt.Sprintf("%016x", q.span)}
	}
	return r
}

func truths() []truth {
	const minute = 60_000
	var out []truth
	for _, typeID := range []string{cpuID, "memory:alloc_space:bytes:space:bytes", "many:f:u::"} {
		for _, sel := range []string{`{}`, `{service_name="service-1"}`, `{pod=~"pod-[12]",endpoint!=""}`, `{__type__="cpu",pod!="pod-0"}`} {
			out = append(out, truth{typeID, sel, base, base + 60*minute, 0}, truth{typeID, sel, base + 10*minute, base + 31*minute, 0},
				truth{typeID, sel, base, base + 60*minute, 2})
		}
	}
	return out
}

func treeStacks(t *testing.T, b []byte) map[string]int64 {
	tree, err := flamegraph.ParseTree(b)
	require.NoError(t, err)
	out := map[string]int64{}
	for stack, v := range tree.Stacks() {
		out[strings.Join(stack, ";")] += v
	}
	return out
}

func TestStackTracesEqualTheSumOfWhatWentIn(t *testing.T) {
	for seed := range uint64(3) {
		w, pushed := randomWorld(t, seed)
		c := w.client()
		for _, q := range truths() {
			want := q.stacks(t, pushed...)
			r := q.request()
			flame := must(t, c.SelectMergeStacktraces, r).Flamegraph
			total := int64(0)
			for _, v := range want {
				total += v
			}
			require.Equal(t, total, flame.Total, "%+v", q)
			require.Equal(t, total, flame.Levels[0].Values[1])
			r.Format = querierv1.ProfileFormat_PROFILE_FORMAT_TREE
			require.Equal(t, want, treeStacks(t, must(t, c.SelectMergeStacktraces, r).Tree), "%+v", q)
			r.Format = querierv1.ProfileFormat_PROFILE_FORMAT_PPROF
			p := must(t, c.SelectMergeStacktraces, r).Pprof.Profile
			require.Equal(t, want, pprofStacks(t, p), "%+v", q)
			require.True(t, proto.Equal(p, must(t, c.SelectMergeStacktraces, r).Pprof.Profile), "the same query has two answers")
			if q.span == 0 {
				again := must(t, older(c).SelectMergeProfile, &querierv1.SelectMergeProfileRequest{
					ProfileTypeID: r.ProfileTypeID, LabelSelector: r.LabelSelector, Start: r.Start, End: r.End,
				})
				require.True(t, proto.Equal(p, again))
			}
			spans := &querierv1.SelectMergeSpanProfileRequest{
				ProfileTypeID: r.ProfileTypeID, LabelSelector: r.LabelSelector, Start: r.Start, End: r.End,
				SpanSelector: r.SpanSelector, MaxNodes: r.MaxNodes,
			}
			require.True(t, proto.Equal(flame, must(t, older(c).SelectMergeSpanProfile, spans).Flamegraph))
			spans.Format = querierv1.ProfileFormat_PROFILE_FORMAT_TREE
			require.Equal(t, want, treeStacks(t, must(t, older(c).SelectMergeSpanProfile, spans).Tree))
		}
	}
}

func TestLabelsAreThoseThatWentIn(t *testing.T) {
	w, pushed := randomWorld(t, 5)
	c := w.client()
	for _, m := range []string{`{}`, `{pod="pod-1"}`, `{__type__="alloc_space"}`, `{service_name=~"service-[01]",endpoint="/e1"}`} {
		sel, err := selector.Parse(m)
		require.NoError(t, err)
		names, pods, types, sets := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, r := range blocktest.Rows(pushed) {
			ls := r.Type.SeriesLabels(r.Labels)
			if !sel.Matches(ls) {
				continue
			}
			var set []string
			for _, l := range ls {
				if l.Value != "" {
					names[l.Name] = true
					set = append(set, l.Name+"="+l.Value)
				}
			}
			sets[strings.Join(set, ",")] = true
			pods[ls.Get("pod")] = true
			types[ls.Get("__profile_type__")] = true
		}
		in := func(name string) *typesv1.LabelValuesRequest {
			return &typesv1.LabelValuesRequest{Name: name, Matchers: []string{m}, Start: base, End: base + hour}
		}
		require.Equal(t, slices.Sorted(maps.Keys(names)),
			must(t, c.LabelNames, &typesv1.LabelNamesRequest{Matchers: []string{m}, Start: base, End: base + hour}).Names, m)
		require.Equal(t, slices.Sorted(maps.Keys(pods)), must(t, c.LabelValues, in("pod")).Names, m)
		require.Equal(t, slices.Sorted(maps.Keys(types)), must(t, c.LabelValues, in("__profile_type__")).Names, m)
		got := map[string]bool{}
		for _, ls := range must(t, c.Series, &querierv1.SeriesRequest{Matchers: []string{m}, Start: base, End: base + hour}).LabelsSet {
			require.False(t, got[labelKey(ls.Labels)], "a label set twice")
			got[labelKey(ls.Labels)] = true
		}
		require.Equal(t, sets, got, m)
	}
}
