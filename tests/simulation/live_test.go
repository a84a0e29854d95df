package simulation

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/functions/local/host"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/boltindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/filestore"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

var liveTime = flag.Duration("live", 20*time.Second, "for how long the soak of the local host takes")

const (
	liveLives     = 3                // how often the host is started
	liveFreshness = 15 * time.Second // how long a profile that was acknowledged may be missing
	liveDelay     = 15 * time.Second // until merged blocks are deleted
	liveRate      = 12               // pushes a second
	liveReaders   = 2
)

// liveHost is a soak of the local host: all functions in one process, on disk, in
// real time. Now and then it is stopped and started again on what it has left.
type liveHost struct {
	*soak
	t    *testing.T
	data string

	running sync.RWMutex // is held for reading while the host must not stop
	url     string
}

// TestSoakOfTheLocalHost: the rules are those of TestSoak.
func TestSoakOfTheLocalHost(t *testing.T) {
	s := &soak{
		history: &history{world: &world{t: t, seed: *firstSeed, truth: newTruth()}},
		figures: figures{answers: make(map[string]int)}, freshness: liveFreshness, start: time.Now(),
	}
	l := &liveHost{soak: s, t: t, data: t.TempDir()}
	end := s.start.Add(*liveTime)
	var pods, readers sync.WaitGroup
	l.running.Lock()
	for i := range len(tenants) * services * podsOfAService {
		pods.Go(func() { l.pod(i, end) })
	}
	done := make(chan struct{})
	for i := range liveReaders {
		readers.Go(func() { l.read(rand.New(rand.NewPCG(s.seed, uint64(900+i))), done) })
	}
	for i := range liveLives {
		stop := l.run()
		l.running.Unlock()
		time.Sleep(time.Until(s.start.Add(*liveTime * time.Duration(i+1) / liveLives)))
		if i == liveLives-1 {
			pods.Wait()
			time.Sleep(liveFreshness)
			close(done)
			readers.Wait()
		}
		l.running.Lock()
		stop()
		l.count()
	}
	l.end()
	t.Logf("%v: %+v", *liveTime, s.figures)
	require.Empty(t, s.truth.violations(), "%s", listed(s.truth.violations()))
}

// run starts the host and returns how to stop it.
func (l *liveHost) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ready, stopped := make(chan string, 1), make(chan error, 1)
	go func() {
		stopped <- host.Run(ctx, host.Config{
			Listen: "127.0.0.1:0", Data: l.data, Auth: config.AuthHeader, Queues: 2, FlushInterval: 200 * time.Millisecond,
			CompactInterval: time.Second, CompactWorkers: 3, SweepInterval: 2 * time.Second, SweepDelay: liveDelay,
			Lookup: func(string) (string, bool) { return "", false }, Log: discard(),
			Ready: func(url string) { ready <- url },
		})
	}()
	select {
	case l.url = <-ready:
	case err := <-stopped:
		require.NoError(l.t, err)
	}
	return func() {
		cancel()
		require.NoError(l.t, <-stopped)
	}
}

// pod pushes to the host.
func (l *liveHost) pod(i int, end time.Time) {
	perTenant := services * podsOfAService
	c := &pod{
		number: i + 1, tenant: tenants[i/perTenant], service: fmt.Sprint("service-", i%services),
		r: rand.New(rand.NewPCG(l.seed, uint64(500+i))), period: time.Duration(len(tenants)*perTenant) * time.Second / liveRate,
		redeploy: time.Minute, retry: 3,
		large: 4000, // a function must be able to return the names of all of them
	}
	c.push = func(body []byte) bool {
		l.running.RLock()
		defer l.running.RUnlock()
		r, err := http.NewRequest(http.MethodPost, l.url+pushv1connect.PusherServicePushProcedure, bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Content-Type", "application/proto")
		r.Header.Set("X-Scope-OrgID", string(c.tenant))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}
	l.soak.pod(c, end)
}

// read asks questions until there are to be none.
func (l *liveHost) read(r *rand.Rand, done <-chan struct{}) {
	kinds := []int{0, 2, 3, 4} // 1 is for a process that has the store
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Duration(r.Int64N(int64(400 * time.Millisecond)))):
		}
		l.running.RLock()
		q := l.anyQuestion(r)
		step := time.Duration(1+r.IntN(20)) * 15 * time.Second
		err := l.putQuestion(context.Background(), nil, newAsker(http.DefaultTransport, l.url), q, kinds[r.IntN(len(kinds))], step)
		l.running.RUnlock()
		if err != nil {
			l.truth.failed(err)
		}
	}
}

// open opens what the host has left.
func (l *liveHost) open() (*filestore.Store, *boltindex.Index) {
	store, err := filestore.Open(filepath.Join(l.data, datadir.ObjectsDir))
	require.NoError(l.t, err)
	index, err := boltindex.Open(filepath.Join(l.data, datadir.IndexFile))
	require.NoError(l.t, err)
	return store, index
}

// count counts the blocks while the host does not run.
func (l *liveHost) count() {
	_, index := l.open()
	defer func() { require.NoError(l.t, index.Close()) }()
	for _, tenant := range tenants {
		rows, err := index.Find(l.t.Context(), tenant, 0, math.MaxInt64)
		require.NoError(l.t, err)
		settled := len(slices.DeleteFunc(slices.Clone(rows), func(r blockindex.Row) bool {
			return r.CommittedAt >= time.Now().Add(-unsettled).UnixMilli()
		}))
		// A soak that is shorter than a day has no more days than two.
		if settled > 2*tooManyBlocks {
			l.truth.violated(tooMany, "%d blocks of tenant %s", settled, tenant)
		}
		l.figures.mostSettled, l.figures.mostRows = max(l.figures.mostSettled, settled), max(l.figures.mostRows, len(rows))
		l.figures.inTheEnd = len(rows)
	}
}

// end sweeps as if a long time had passed, and looks at what is left.
func (l *liveHost) end() {
	store, index := l.open()
	defer func() { require.NoError(l.t, index.Close()) }()
	settings := sweep.DefaultSettings()
	settings.Retention = 0
	later := func() time.Time { return time.Now().Add(40 * 24 * time.Hour) }
	sweeper := sweep.New(settings, sweep.Deps{Store: store, Index: index, Now: later, Log: discard()})
	orphans, err := sweeper.Orphans(l.t.Context())
	require.NoError(l.t, err)
	rows, err := sweeper.Rows(l.t.Context())
	require.NoError(l.t, err)
	l.figures.orphans, l.figures.swept = orphans.Orphans, rows.Replaced
	l.t.Logf("left to sweep: %+v and %+v", orphans, rows)
	(&remains{l.truth, store, index}).inspect()
	l.figures.profiles, l.figures.acked = len(l.truth.profiles), 0
	for _, p := range l.truth.profiles {
		if p.acked {
			l.figures.acked++
		}
	}
}
