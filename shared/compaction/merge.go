package compaction

import (
	"context"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
)

// merge makes the block of a job's sources and puts its objects. Whoever does
// the job again puts the same bytes under the same keys; another build of this
// code, which may write other bytes, puts them under other keys, since the
// names of volumes follow from their content, and so does whoever does it when
// less counts. Which of them matter is decided by the row.
func (c *Compactor) merge(ctx context.Context, j Job) (*block.Meta, error) {
	sources := make([]*block.Meta, len(j.Sources))
	for i := range j.Sources {
		var err error
		if sources[i], err = block.ParseMeta(j.Sources[i].Detail); err != nil {
			return nil, fmt.Errorf("index row %s: %w", j.Sources[i].ID, err)
		}
	}
	opts := c.policy.Merge
	if c.Retention != nil {
		rules, err := c.Retention.Of(ctx, j.Tenant)
		if err != nil {
			return nil, err
		}
		opts.Bound = rules.Stored(c.Now())
	}
	// A block of level 1 lives for minutes: to make it small costs more than
	// it is worth.
	opts.Small = j.Level >= 2
	if from := j.Level - 1; from >= 0 && from < len(c.policy.Levels) {
		opts.Steps = c.policy.Levels[from].Steps
	}
	into := block.Meta{Tenant: j.Tenant, ID: j.ID, Level: j.Level, Sources: j.sourceIDs()}
	return c.Blocks.Merge(ctx, sources, into, opts, func(ctx context.Context, key string, object []byte) error {
		return c.retry(ctx, func() error { return c.Store.Put(ctx, key, object) })
	})
}
