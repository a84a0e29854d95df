package block_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var blockID = ulid.ULID{15: 1}.String()

func build(t testing.TB, seed uint64, profiles int, opts block.Options) ([]byte, *block.Meta) {
	b := block.NewBuilder(opts)
	for _, p := range blocktest.Random(rand.New(rand.NewPCG(seed, 9)), profiles, 60) {
		require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
	}
	body, meta, err := b.Build("acme", blockID, 0, nil)
	require.NoError(t, err)
	return body, meta
}

func everything(need block.Need) block.Request {
	return block.Request{From: 0, To: math.MaxInt64, Need: need}
}

// readAll decodes every column of a block.
func readAll(store blocktest.Objects, meta *block.Meta) error {
	r, err := block.NewReader(store)
	if err != nil {
		return err
	}
	_, err = r.Merge(context.Background(), []*block.Meta{meta}, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{}, blocktest.Objects{}.Put)
	return err
}

func TestMergeDropsProfilesStoredTwice(t *testing.T) {
	body, meta := build(t, 1, 50, block.Options{})
	store := blocktest.Objects{meta.Key(): body}
	r, err := block.NewReader(store)
	require.NoError(t, err)
	merged, err := r.Merge(t.Context(), []*block.Meta{meta, meta, meta}, block.Meta{Tenant: "acme", ID: blockID, Level: 1, Sources: []string{meta.ID}}, block.MergeOptions{}, store.Put)
	require.NoError(t, err)
	require.Equal(t, meta.Profiles, merged.Profiles)
	require.Equal(t, meta.Samples, merged.Samples)
	require.Equal(t, meta.Kinds, merged.Kinds)
}

func TestBuildIsReproducible(t *testing.T) {
	a, _ := build(t, 5, 80, block.Options{Slice: time.Minute, Small: true})
	b, _ := build(t, 5, 80, block.Options{Slice: time.Minute, Small: true})
	require.True(t, bytes.Equal(a, b))
}

func TestBuildRefusesAnEmptyBlock(t *testing.T) {
	_, _, err := block.NewBuilder(block.Options{}).Build("acme", blockID, 0, nil)
	require.ErrorContains(t, err, "no profiles")
}

func TestFilesAreTheSections(t *testing.T) {
	body, meta := build(t, 1, 20, block.Options{})
	files, got, err := block.Files(body)
	require.NoError(t, err)
	require.Equal(t, meta, got)
	require.Len(t, files, 6)
	for s, f := range files {
		require.Equal(t, "PAR1", string(f[:4]), s)
		require.Equal(t, "PAR1", string(f[len(f)-4:]), s)
	}
	_, _, err = block.Files(body[1:])
	require.ErrorIs(t, err, block.ErrCorrupt)
}

func TestParseTailAsksForMore(t *testing.T) {
	body, meta := build(t, 1, 20, block.Options{})
	m, need, err := block.ParseTail(body[len(body)-20:])
	require.NoError(t, err)
	require.Nil(t, m)
	m, _, err = block.ParseTail(body[len(body)-need:])
	require.NoError(t, err)
	require.Equal(t, meta, m)
}

// TestFlippedBitsAreNoticed damages bytes all over a block and merges it.
// Either the damage is reported, with the object's name, or it is where
// nobody reads: in the footers for other tools.
func TestFlippedBitsAreNoticed(t *testing.T) {
	body, meta := build(t, 2, 10, block.Options{})
	store := blocktest.Objects{meta.Key(): body}
	want := digest(t, store, meta)
	noticed := 0
	for i := 0; i < len(body); i += 17 {
		bad := bytes.Clone(body)
		bad[i] ^= 1 << (i % 8)
		store[meta.Key()] = bad
		if err := readAll(store, meta); err != nil {
			require.ErrorContains(t, err, meta.Key())
			noticed++
			continue
		}
		require.Equal(t, want, digest(t, store, meta), "byte %d", i)
	}
	require.Greater(t, noticed, len(body)/17/4)
}

// digest is the block that a merge makes of it.
func digest(t *testing.T, store blocktest.Objects, meta *block.Meta) string {
	r, err := block.NewReader(store)
	require.NoError(t, err)
	out := blocktest.Objects{}
	merged, err := r.Merge(t.Context(), []*block.Meta{meta}, block.Meta{Tenant: "acme", ID: blockID}, block.MergeOptions{}, out.Put)
	require.NoError(t, err)
	return string(out[merged.Key()])
}

func TestTruncatedBlocks(t *testing.T) {
	body, meta := build(t, 2, 10, block.Options{})
	for n := range len(body) {
		store := blocktest.Objects{meta.Key(): body[:n]}
		require.ErrorContains(t, readAll(store, meta), meta.Key(), "%d bytes", n)
	}
	require.Error(t, readAll(blocktest.Objects{}, meta))
}

func FuzzParseMeta(f *testing.F) {
	_, meta := build(f, 2, 10, block.Options{})
	f.Add(meta.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := block.ParseMeta(b)
		if err != nil {
			return
		}
		again, err := block.ParseMeta(m.Append(nil))
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}

// FuzzRead reads blocks that were damaged in one place and pretend, by their
// description, to be whole.
func FuzzRead(f *testing.F) {
	body, meta := build(f, 2, 10, block.Options{})
	f.Add(uint32(0), []byte{1, 2, 3})
	f.Add(uint32(len(body)/2), []byte{0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		bad := bytes.Clone(body)
		copy(bad[int(at)%len(bad):], patch)
		_ = readAll(blocktest.Objects{meta.Key(): bad}, meta)
		if m, _, err := block.ParseTail(bad); err == nil && m != nil && m.Key() == meta.Key() {
			_ = readAll(blocktest.Objects{m.Key(): bad}, m)
		}
	})
}

// observer counts requests and bytes, and how many round trips followed one
// another: requests that run at the same time are one.
type observer struct {
	blocktest.Objects
	mu       sync.Mutex
	requests int
	bytes    int64
}

func (o *observer) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := o.Objects.Get(ctx, key)
	o.count(int64(len(b)))
	return b, err
}

func (o *observer) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	o.count(length)
	return o.Objects.GetRange(ctx, key, offset, length)
}

func (o *observer) count(n int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.requests++
	o.bytes += n
}

// large builds a block of many services that is too large to be read at once.
func large(t testing.TB, services int) ([]byte, *block.Meta) {
	b := block.NewBuilder(block.Options{Slice: 15 * time.Minute})
	for s := range services {
		// The same profiles for every service, so that each is as large.
		for _, p := range blocktest.Random(rand.New(rand.NewPCG(3, 3)), 1500, 60) {
			ls := p.Labels.With(profile.LabelServiceName, fmt.Sprintf("service-%03d", s))
			p.ID[0] = byte(s)
			require.NoError(t, b.Add(ls, p.ID, p.Profile))
		}
	}
	body, meta, err := b.Build("acme", blockID, 0, nil)
	require.NoError(t, err)
	require.Greater(t, meta.Size, int64(4*block.WholeBytes))
	return body, meta
}

func TestRequestsAndBytesPerKindOfQuery(t *testing.T) {
	cpu := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	typ := profile.Type{Name: "process_cpu", Sample: cpu, Period: cpu}
	one := func(s string) bool { return s == "service-003" }
	cases := map[string]struct {
		req      block.Request
		requests int   // at most
		permille int64 // of the block, at most
	}{
		"flame graph of a service":    {block.Request{Service: one, Type: &typ, Need: block.NeedSamples | block.NeedNames}, 5, 25},
		"flame graph of a pod":        {block.Request{Service: one, Type: &typ, Need: block.NeedSamples | block.NeedNames | block.NeedSeries | block.NeedProfiles | block.NeedOwners}, 6, 30},
		"a quarter of an hour":        {block.Request{Service: one, Type: &typ, From: blocktest.Start, To: blocktest.Start + 14*60e9, Need: block.NeedSamples | block.NeedNames}, 5, 13},
		"time series of a service":    {block.Request{Service: one, Type: &typ, Need: block.NeedProfiles | block.NeedTotals}, 2, 7},
		"time series of all services": {block.Request{Type: &typ, Need: block.NeedProfiles | block.NeedTotals}, 4, 80},
		"labels":                      {block.Request{Need: block.NeedSeries}, 4, 20},
		"a type that is not there":    {block.Request{Type: &profile.Type{Name: "x"}, Need: block.NeedSamples}, 0, 0},
		"a service that is not there": {block.Request{Service: func(string) bool { return false }, Need: block.NeedAll}, 0, 0},
		"a time before the block":     {block.Request{To: blocktest.Start - 1, Need: block.NeedAll}, 0, 0},
	}
	body, meta := large(t, 12)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := &observer{Objects: blocktest.Objects{meta.Key(): body}}
			r, err := block.NewReader(o)
			require.NoError(t, err)
			if c.req.To == 0 {
				c.req.To = math.MaxInt64
			}
			require.NoError(t, r.Read(t.Context(), meta, c.req, func(*block.Dataset) error { return nil }))
			t.Logf("%d requests, %d bytes of %d (%.1f %%)", o.requests, o.bytes, meta.Size, 100*float64(o.bytes)/float64(meta.Size))
			require.LessOrEqual(t, o.requests, c.requests)
			require.LessOrEqual(t, o.bytes, meta.Size*c.permille/1000)
		})
	}
}

func TestSmallBlocksAreReadInOneRequest(t *testing.T) {
	body, meta := build(t, 1, 20, block.Options{})
	require.Less(t, meta.Size, int64(block.WholeBytes))
	o := &observer{Objects: blocktest.Objects{meta.Key(): body}}
	r, err := block.NewReader(o)
	require.NoError(t, err)
	datasets := 0
	require.NoError(t, r.Read(t.Context(), meta, everything(block.NeedAll), func(*block.Dataset) error { datasets++; return nil }))
	require.Positive(t, datasets)
	require.Equal(t, 1, o.requests)
}

// TestOtherServicesDoNotMatter shows that what a query of one service reads
// does not grow with the number of other services.
func TestOtherServicesDoNotMatter(t *testing.T) {
	cpu := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	typ := profile.Type{Name: "process_cpu", Sample: cpu, Period: cpu}
	read := map[int]int64{}
	for _, services := range []int{10, 20} {
		body, meta := large(t, services)
		o := &observer{Objects: blocktest.Objects{meta.Key(): body}}
		r, err := block.NewReader(o)
		require.NoError(t, err)
		require.NoError(t, r.Read(t.Context(), meta, block.Request{
			Service: func(s string) bool { return s == "service-003" }, Type: &typ, To: math.MaxInt64,
			Need: block.NeedSamples | block.NeedNames,
		}, func(*block.Dataset) error { return nil }))
		read[services] = o.bytes
	}
	require.InEpsilon(t, read[10], read[20], 0.1)
}

// TestALargeBlockIsReadInGroups shows that a block whose wanted columns are
// more than is held at a time is read in several round trips, with nothing
// left out.
func TestALargeBlockIsReadInGroups(t *testing.T) {
	body, meta := large(t, 8)
	o := &observer{Objects: blocktest.Objects{meta.Key(): body}}
	r, err := block.NewReader(o)
	require.NoError(t, err)
	read := func() (services []string, requests int) {
		o.requests = 0
		require.NoError(t, r.Read(t.Context(), meta, everything(block.NeedAll), func(d *block.Dataset) error {
			services = append(services, d.Service)
			_, err := d.Series(r.NewDecoder())
			return err
		}))
		return services, o.requests
	}
	all, atOnce := read()
	r.SetMaxFetch(meta.Size / 4)
	again, inGroups := read()
	require.Len(t, all, 8)
	require.Equal(t, all, again)
	require.Greater(t, inGroups, 2*atOnce)
}
