package host

import (
	"runtime"

	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/bytecache"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/localbackend"
)

// query puts the query function together, with workers that are goroutines. On
// AWS a worker brings its own processors; here they share those that there are,
// so that not many work at once.
func (h *Host) query(shared assembly.Host, c config.Query) (lambdahost.HTTPFunc, error) {
	memory := bytecache.New(c.CacheBytes)
	worker, err := assembly.LocalWorker(shared, h.objects, memory)
	if err != nil {
		return nil, err
	}
	c.Concurrency = min(c.Concurrency, 2*runtime.GOMAXPROCS(0))
	c.TenantConcurrency = min(c.TenantConcurrency, max(1, c.Concurrency*3/4))
	h.workers = localbackend.New(worker, h.objects, shared.Now)
	return assembly.Query(shared, c, assembly.QueryParts{
		Store: h.objects, Index: h.index, Records: h.records, Workers: h.workers, Starter: h.workers,
		Memory: memory,
	})
}
