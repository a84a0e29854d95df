package query_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/query"
	"github.com/pyrocumulus/pyrocumulus/shared/resultcache"
)

// kept is a store of results. Its hook can break calls.
type kept struct {
	mu      sync.Mutex
	objects map[string][]byte
	hook    func(key string, body []byte) ([]byte, error) // of Get and Put; may be nil
}

func newKept() *kept { return &kept{objects: make(map[string][]byte)} }

func (k *kept) Get(_ context.Context, key string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	body, ok := k.objects[key]
	if !ok {
		return nil, objstore.ErrNotExist
	}
	if k.hook != nil {
		return k.hook(key, body)
	}
	return body, nil
}

func (k *kept) GetRange(context.Context, string, int64, int64) ([]byte, error) {
	return nil, errors.New("results are read as a whole")
}

func (k *kept) Put(_ context.Context, key string, body []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.objects[key]; ok {
		return objstore.ErrExists
	}
	if k.hook != nil {
		if _, err := k.hook(key, body); err != nil {
			return err
		}
	}
	k.objects[key] = body
	return nil
}

// slicing returns a handler that keeps results, and one that does not, of the
// same blocks and clock.
func (w *world) slicing(t testing.TB, store resultcache.Store, memory *bytecache.Cache, now func() time.Time) (with, without http.Handler) {
	d := w.deps(t, w.index)
	d.Now = now
	s := query.Settings{Multitenancy: true}
	without = query.New(s, d)
	settings := resultcache.DefaultSettings()
	settings.MinBytes, settings.MinBytesFirst = 0, 0
	d.Results = resultcache.New(settings, store, memory, now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	return query.New(s, d), without
}

// hoursWorld stores random profiles of some hours, in blocks of about so many
// minutes.
func hoursWorld(t testing.TB, r *rand.Rand, hours, minutes int, tenants ...profile.TenantID) *world {
	w := newWorld(t, query.Settings{Multitenancy: true})
	for _, tenant := range tenants {
		blocks := make([][]blocktest.Pushed, 60*hours/minutes)
		for _, p := range blocktest.Random(r, 60*hours, 60*hours) {
			at := int((p.Profile.TimeNanos/1e6 - base) / 60_000 / int64(minutes))
			at = min(max(at+r.IntN(2), 0), len(blocks)-1)
			blocks[at] = append(blocks[at], p)
		}
		for _, b := range blocks {
			if len(b) > 0 {
				w.store(t, tenant, b...)
			}
		}
	}
	return w
}

// compact merges some blocks of a tenant that follow each other.
func (w *world) compact(t testing.TB, r *rand.Rand, tenant profile.TenantID) {
	rows, err := w.index.Find(t.Context(), tenant, 0, 1<<62)
	require.NoError(t, err)
	n := min(2+r.IntN(5), len(rows))
	at := r.IntN(len(rows) - n + 1)
	var metas []*block.Meta
	var sources []string
	for _, row := range rows[at : at+n] {
		m, err := block.ParseMeta(row.Detail)
		require.NoError(t, err)
		metas, sources = append(metas, m), append(sources, row.ID)
	}
	reader, err := block.NewReader(w.objects)
	require.NoError(t, err)
	w.blocks++
	into := block.Meta{Tenant: tenant, ID: ulid.ULID{15: byte(w.blocks)}.String(), Level: 1, Sources: sources}
	m, err := reader.Merge(t.Context(), metas, into, block.DefaultMergeOptions(), w.objects.Put)
	require.NoError(t, err)
	require.NoError(t, w.index.Insert(t.Context(), blockindex.Row{
		Tenant: tenant, ID: m.ID, Level: 1, MinTime: m.MinTime, MaxTime: m.MaxTime, CommittedAt: 1, Sources: sources, Detail: m.Append(nil),
	}))
}

// Answers with kept results are those without, byte by byte, while time goes
// on, late profiles come, and blocks are merged; also if the store of results
// fails, or has been tampered with.
func TestKeptResultsDoNotShow(t *testing.T) {
	var hits, slices int
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 12))
		w := hoursWorld(t, r, 6, 10, "acme", "beta")
		now := time.UnixMilli(base + 6*hour)
		store := newKept()
		if seed == 3 {
			store.hook = func(_ string, body []byte) ([]byte, error) {
				switch r.IntN(3) {
				case 0:
					return nil, errors.New("no")
				case 1:
					return append([]byte{body[0] + 1}, body[1:]...), nil
				}
				return body, nil
			}
		}
		memory := bytecache.New(int64(seed%2) << 20)
		with, without := w.slicing(t, store, memory, func() time.Time { return now })
		for round := range 8 {
			end := now.UnixMilli()
			start := end - []int64{hour / 2, hour, 2 * hour, 6 * hour}[r.IntN(4)]
			if r.IntN(2) == 0 { // as clients that align what they ask for
				start, end = start/300_000*300_000, end/300_000*300_000
			}
			same := r.Uint64() // the same questions again, with later times
			tenant := []string{"acme", "beta", "acme|beta"}[r.IntN(3)]
			for again := range 3 {
				for name, request := range requestsIn(rand.New(rand.NewPCG(same, 1)), start, end) {
					ask := func(h http.Handler) string {
						q := request()
						q.Header.Set(tenantHeader, tenant)
						res := answered(h, q)
						var hit, of int
						if v := res.Header().Get(query.HeaderSlices); v != "" {
							_, err := fmt.Sscanf(v, "%d/%d", &hit, &of)
							require.NoError(t, err)
						}
						hits, slices = hits+hit, slices+of
						body := res.Body.String()
						if strings.Contains(res.Header().Get("Content-Type"), "json") {
							body = compact([]byte(body))
						}
						return fmt.Sprintf("%d %s %s", res.Code, res.Header().Get(query.HeaderBlocks), body)
					}
					require.Equal(t, ask(without), ask(with), "%s of %s, seed %d, round %d.%d", name, tenant, seed, round, again)
				}
				start, end = start+300_000, end+300_000
				now = now.Add(90 * time.Second) // so that what is recent begins where it did
				switch r.IntN(3) {
				case 0:
					w.compact(t, r, "acme")
				case 1: // into all slices
					w.store(t, "acme", blocktest.Random(r, 40, 60*6)...)
				}
			}
			now = now.Add(15 * time.Minute)
		}
	}
	require.Greater(t, slices, 1000)
	require.Greater(t, hits, slices/4)
}

// Results of a tenant are no other's, even if the blocks were the same.
func TestResultsAreOfTheirTenant(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	w := hoursWorld(t, r, 2, 10, "acme")
	store := newKept()
	with, _ := w.slicing(t, store, bytecache.New(1<<20), func() time.Time { return time.UnixMilli(base + 6*hour) })
	ask := func(tenant string) string {
		for name, request := range requestsIn(rand.New(rand.NewPCG(3, 1)), base, base+2*hour) {
			if name == "FLAMEGRAPH" {
				q := request()
				q.Header.Set(tenantHeader, tenant)
				return compact(answered(with, q).Body.Bytes())
			}
		}
		return ""
	}
	require.Contains(t, ask("acme"), "main.")
	require.NotEmpty(t, store.objects)
	for key := range store.objects {
		require.True(t, strings.HasPrefix(key, "acme/results/"), key)
	}
	require.NotContains(t, ask("beta"), "main.")
}
