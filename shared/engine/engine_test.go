package engine_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// world is profiles spread over blocks, and the truth about them.
type world struct {
	objects blocktest.Objects
	blocks  []*block.Meta
	rows    []row
	reader  *block.Reader
	engine  *engine.Engine
}

// row is a row of the truth with the id of its profile.
type row struct {
	blocktest.Row
	id profile.ID
}

func rowsOf(pushed []blocktest.Pushed) (out []row) {
	for _, p := range pushed {
		for _, r := range blocktest.Rows([]blocktest.Pushed{p}) {
			out = append(out, row{r, p.ID.ForSeries(p.Labels, r.Labels)})
		}
	}
	return out
}

const tenant = profile.TenantID("acme")

func id(n int) string { return ulid.ULID{14: byte(n >> 8), 15: byte(n)}.String() }

// newWorld stores random profiles in several blocks.
func newWorld(t testing.TB, seed uint64, profiles, blocks int, opts block.Options) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	pushed := blocktest.Random(r, profiles, 60)
	w := &world{objects: blocktest.Objects{}, rows: rowsOf(pushed)}
	builders := make([]*block.Builder, blocks)
	for i := range builders {
		builders[i] = block.NewBuilder(opts)
	}
	for i, p := range pushed {
		at := r.IntN(blocks)
		if i < blocks {
			at = i // none stays empty
		}
		require.NoError(t, builders[at].Add(p.Labels, p.ID, p.Profile))
	}
	for i, b := range builders {
		w.put(t, b, id(i+1))
	}
	var err error
	w.reader, err = block.NewReader(w.objects)
	require.NoError(t, err)
	w.engine = engine.New(w.reader)
	return w
}

func (w *world) put(t testing.TB, b *block.Builder, id string) {
	body, meta, err := b.Build(tenant, id, 0, nil)
	require.NoError(t, err)
	require.Equal(t, meta.Size, int64(len(body)))
	// What the index keeps must be all that it takes.
	parsed, err := block.ParseMeta(meta.Append(nil))
	require.NoError(t, err)
	require.Equal(t, meta, parsed)
	fromTail, _, err := block.ParseTail(body)
	require.NoError(t, err)
	require.Equal(t, meta, fromTail)
	w.objects[meta.Key()] = body
	w.blocks = append(w.blocks, parsed)
}

// merged returns the world with its blocks merged into one.
func (w *world) merged(t testing.TB, opts block.MergeOptions) *world {
	meta, err := w.reader.Merge(t.Context(), w.blocks, block.Meta{Tenant: "acme", ID: id(999), Level: 1}, opts, w.objects.Put)
	require.NoError(t, err)
	out := *w
	out.blocks = []*block.Meta{meta}
	return &out
}

func cpuType() profile.Type {
	return profile.Type{Name: "process_cpu", Sample: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: profile.ValueType{Type: "cpu", Unit: "nanoseconds"}}
}

// queries are asked of every world.
func (w *world) queries(t testing.TB) map[string]engine.Query {
	whole := [2]int64{blocktest.Start, blocktest.Start + int64(time.Hour)}
	part := [2]int64{blocktest.Start + int64(10*time.Minute), blocktest.Start + int64(31*time.Minute)}
	alloc := profile.Type{Name: "memory", Sample: profile.ValueType{Type: "alloc_space", Unit: "bytes"}, Period: profile.ValueType{Type: "space", Unit: "bytes"}}
	sixth := profile.Type{Name: "many", Sample: profile.ValueType{Type: "f", Unit: "u"}}
	none := profile.Type{Name: "absent", Sample: profile.ValueType{Type: "f", Unit: "u"}}
	out := map[string]engine.Query{}
	for _, typ := range []profile.Type{cpuType(), alloc, sixth, none} {
		for _, s := range []string{
			`{}`, `{service_name="service-1"}`, `{service_name=~"service-[01]", pod="pod-2"}`, `{endpoint="/e1"}`, `{endpoint=""}`,
			`{__type__="cpu"}`, `{service_name="nobody"}`, `{pod!="pod-0"}`, `{__profile_type__=~"process_cpu:.*"}`,
		} {
			for name, span := range map[string][2]int64{"hour": whole, "part": part, "bounds": whole} {
				sel, err := selector.Parse(s)
				require.NoError(t, err)
				q := engine.Query{Selector: sel, Type: typ, From: span[0], To: span[1]}
				if name == "bounds" {
					q.Bounds = bounds()
				}
				out[fmt.Sprintf("%v%s/%s", typ, s, name)] = q
				if s == `{service_name="service-1"}` {
					q.Spans = map[uint64]bool{2: true}
					out[fmt.Sprintf("%v%s/%s/span", typ, s, name)] = q
				}
				if q.Spans = nil; s == `{}` || s == `{pod!="pod-0"}` {
					q.CallSite = []string{"main.f1"}
					out[fmt.Sprintf("%v%s/%s/call site", typ, s, name)] = q
					q.CallSite = []string{"main.f1", "main.f2"}
					q.Spans = map[uint64]bool{1: true, 3: true}
					out[fmt.Sprintf("%v%s/%s/spans and call site", typ, s, name)] = q
					q.CallSite, q.Spans = nil, nil
					q.Profiles = map[profile.ID]bool{w.rows[0].id: true, w.rows[len(w.rows)/2].id: true, {}: true}
					out[fmt.Sprintf("%v%s/%s/profiles", typ, s, name)] = q
				}
			}
		}
	}
	return out
}

// bounds leaves out parts of services, also such as end within a block.
func bounds() block.Bounds {
	return block.Bounds{
		tenant:  {Rest: blocktest.Start + int64(7*time.Minute), Services: map[string]int64{"service-1": blocktest.Start + int64(24*time.Minute), "service-2": 0}},
		"other": {Rest: math.MaxInt64},
	}
}

// expected returns the rows that a query selects.
func (w *world) expected(q engine.Query) []row {
	var out []row
	for _, r := range w.rows {
		if r.Type == q.Type && r.TimeNanos >= max(q.From, q.Bounds[tenant].Of(r.Labels.Get(profile.LabelServiceName))) && r.TimeNanos <= q.To &&
			(q.Spans == nil || q.Spans[r.Span]) && (q.Profiles == nil || q.Profiles[r.id]) &&
			(q.CallSite == nil || strings.HasPrefix(r.Stack+";", strings.Join(q.CallSite, ";")+";")) && q.Selector.Matches(r.Type.SeriesLabels(r.Labels)) {
			out = append(out, r)
		}
	}
	return out
}

func foldedOf(rows []row) map[string]int64 {
	out := map[string]int64{}
	for _, r := range rows {
		if r.Value != 0 {
			out[r.Stack] += r.Value
		}
	}
	return out
}

func foldedTree(t *flamegraph.Tree) map[string]int64 {
	out := map[string]int64{}
	for stack, v := range t.Stacks() {
		out[strings.Join(stack, ";")] += v
	}
	return out
}

func foldedMerged(m *engine.Merged) map[string]int64 {
	out := map[string]int64{}
	tab := m.Table
	for n, v := range m.Values {
		if v == 0 {
			continue
		}
		var names []string
		for at := int32(n); at > 0; at = tab.Stacks.Parents[at] {
			l := tab.Locations[tab.Stacks.Locations[at]]
			for i := range l.NumLines {
				names = append(names, tab.Strings[tab.Functions[tab.Lines[l.FirstLine+i].Function].Name])
			}
			if l.NumLines == 0 && l.Mapping == 0 {
				names = append(names, fmt.Sprintf("0x%x", l.Address))
			} else if l.NumLines == 0 {
				names = append(names, fmt.Sprintf("libc.so.6+0x%x", l.Address))
			}
		}
		slices.Reverse(names)
		out[strings.Join(names, ";")] += v
	}
	return out
}

// eachWorld runs a test over data in one and in many blocks, and merged.
func eachWorld(t *testing.T, f func(t *testing.T, w *world)) {
	for seed := range uint64(4) {
		many := newWorld(t, seed, 120, 7, block.Options{})
		t.Run(fmt.Sprintf("seed %d/seven blocks", seed), func(t *testing.T) { f(t, many) })
		t.Run(fmt.Sprintf("seed %d/merged", seed), func(t *testing.T) {
			f(t, many.merged(t, block.MergeOptions{Slice: 15 * time.Minute, Small: true}))
		})
		t.Run(fmt.Sprintf("seed %d/one block", seed), func(t *testing.T) {
			f(t, newWorld(t, seed, 60, 1, block.Options{Slice: 10 * time.Minute}))
		})
	}
}

func TestTreeAndMergeEqualTheSumOfWhatWentIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for name, q := range w.queries(t) {
			want := foldedOf(w.expected(q))
			tree, err := w.engine.Tree(t.Context(), w.blocks, q)
			require.NoError(t, err)
			require.Equal(t, want, foldedTree(tree), name)
			merged, err := w.engine.Merge(t.Context(), w.blocks, q)
			require.NoError(t, err)
			require.Equal(t, want, foldedMerged(merged), name)
		}
	})
}

func TestTimeSeriesEqualsTheSumOfWhatWentIn(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for name, q := range w.queries(t) {
			for _, groupBy := range [][]string{nil, {"service_name"}, {"pod", "endpoint"}, {"__type__", "missing"}} {
				b := engine.Buckets{Start: q.From/1e6 + 1000, Step: 60_000}
				b.Count = int((q.To/1e6-b.Start)/b.Step) + 1
				want := map[string]map[int]int64{}
				for _, r := range w.expected(q) {
					k, ok := bucket(b, r.TimeNanos)
					if !ok {
						continue
					}
					var g profile.Labels
					for _, n := range groupBy {
						if v := r.Type.SeriesLabels(r.Labels).Get(n); v != "" {
							g = g.With(n, v)
						}
					}
					if want[g.String()] == nil {
						want[g.String()] = map[int]int64{}
					}
					want[g.String()][k] += r.Value
				}
				if inParts(q) { // profiles that have nothing of the query have rows elsewhere
					dropZeros(want)
				}
				got := map[string]map[int]int64{}
				series, err := w.engine.TimeSeries(t.Context(), w.blocks, q, engine.Grouping{Buckets: b, GroupBy: groupBy})
				require.NoError(t, err)
				for _, s := range series {
					points := map[int]int64{}
					for k, p := range s.Points {
						if p.Profiles > 0 && (p.Value != 0 || !inParts(q)) {
							points[k] = p.Value
						}
					}
					if len(points) > 0 {
						require.Nil(t, got[s.Labels.String()], "group twice")
						got[s.Labels.String()] = points
					}
				}
				require.Equal(t, want, got, "%s by %v", name, groupBy)
			}
		}
	})
}

// inParts reports whether a query selects samples of profiles.
func inParts(q engine.Query) bool { return q.Spans != nil || q.CallSite != nil }

func dropZeros(series map[string]map[int]int64) {
	for _, points := range series {
		maps.DeleteFunc(points, func(_ int, v int64) bool { return v == 0 })
	}
	maps.DeleteFunc(series, func(_ string, points map[int]int64) bool { return len(points) == 0 })
}

// bucket says by the definition which point covers a time.
func bucket(b engine.Buckets, nanos int64) (int, bool) {
	ms := nanos / 1e6
	for k := range b.Count {
		at := b.Start + int64(k)*b.Step
		if ms > at-b.Step && ms <= at {
			return k, true
		}
	}
	return 0, false
}

func TestSeriesVisitsWhatIsThere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for _, s := range []string{`{}`, `{pod="pod-1"}`, `{pod=~".*"}`, `{service_name="service-2", endpoint!=""}`, `{__type__="alloc_space"}`} {
			sel, err := selector.Parse(s)
			require.NoError(t, err)
			q := engine.Query{Selector: sel, From: blocktest.Start, To: blocktest.Start + int64(time.Hour)}
			if strings.HasPrefix(s, `{pod`) {
				q.Bounds = bounds()
			}
			want := map[string]bool{}
			for _, r := range w.rows {
				ls := r.Type.SeriesLabels(r.Labels)
				if sel.Matches(ls) && r.TimeNanos >= q.Bounds[tenant].Of(ls.Get(profile.LabelServiceName)) {
					want[ls.String()] = true
				}
			}
			states, err := engine.Series(t.Context(), w.engine, w.blocks, q,
				func() map[string]bool { return map[string]bool{} },
				func(got map[string]bool, l *engine.LabelSet) { got[l.Type.SeriesLabels(l.Pushed).String()] = true })
			require.NoError(t, err)
			got := map[string]bool{}
			for _, s := range states {
				maps.Copy(got, s)
			}
			require.Equal(t, want, got, s)
		}
	})
}
