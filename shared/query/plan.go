package query

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/fanout"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// found is what the index has for a query: the blocks of the tenants that can
// have profiles from from to to (Unix nanoseconds, inclusive).
type found struct {
	tenants  []profile.TenantID
	from, to int64
	bounds   block.Bounds // what lies after from and counts
	blocks   []*block.Meta
}

// find asks the index for the blocks of a time, of which what lies before the
// retention or the lookback is cut off.
func (h *Handler) find(ctx context.Context, tenants []profile.TenantID, from, to int64) (*found, error) {
	telemetry.SetTenant(ctx, joinTenants(tenants))
	f := &found{tenants: tenants, from: from, to: to}
	// The rules before the rows: what a deletion is about is gone from the rows
	// before the deletion is forgotten.
	err := h.bound(ctx, f)
	if err != nil {
		return nil, err
	}
	f.blocks, err = h.blocks(ctx, f)
	return f, err
}

func (h *Handler) blocks(ctx context.Context, f *found) ([]*block.Meta, error) {
	var out []*block.Meta
	var size, profiles int64
	for _, tenant := range f.tenants {
		rows, err := h.rows(ctx, tenant, f.from, f.to)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			m, err := describe(tenant, &rows[i])
			if err != nil {
				return nil, err
			}
			if m = m.Counting(f.bounds[tenant]); m == nil {
				continue
			}
			size += m.Size
			profiles += m.Profiles
			out = append(out, m)
		}
	}
	h.Log.LogAttrs(ctx, slog.LevelDebug, "blocks found",
		slog.String(telemetry.KeyTenant, joinTenants(f.tenants)), slog.Int(telemetry.KeyBlocks, len(out)),
		slog.Int64(telemetry.KeyBytes, size), slog.Int64(telemetry.KeyProfiles, profiles))
	return out, nil
}

// rows asks the index.
func (h *Handler) rows(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	if from > to {
		return nil, nil
	}
	rows, err := h.Index.Find(ctx, tenant, from, to)
	if err != nil {
		return nil, fmt.Errorf("find blocks of tenant %s: %w", tenant, err)
	}
	return rows, nil
}

// inline answers a task without making the report, see fanout.Query.
type inline func(context.Context, *engine.Engine, []*block.Meta) (*engine.Report, error)

// answer answers a task from what was found, here or by workers. The task's
// time begins no earlier than that of what was found.
func (h *Handler) answer(ctx context.Context, f *found, t engine.Task, by inline) (*engine.Report, error) {
	a := accountOf(ctx)
	f.restrict(&t)
	if h.settings.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.settings.Timeout-h.Now().Sub(a.began))
		defer cancel()
	}
	if by == nil && !a.partial {
		if report, done, err := h.fromSlices(ctx, f, &t); done {
			return report, err
		}
	}
	report, outcome, err := h.runner.Run(ctx, fanout.Query{
		ID: telemetry.RequestID(ctx), Tenant: f.tenants[0], Task: t, Blocks: f.blocks, Inline: by, Partial: a.partial,
		Again: func(ctx context.Context) ([]*block.Meta, error) { return h.blocks(ctx, f) },
	})
	a.add(outcome)
	return report, err
}

// describe reads what a row says of its block. To leave out a block would be to
// answer wrongly, so whatever is wrong with the row is an error. A description
// that names another tenant, whose object would be read, is one as well.
func describe(tenant profile.TenantID, row *blockindex.Row) (*block.Meta, error) {
	m, err := block.ParseMeta(row.Detail)
	if err != nil {
		return nil, fmt.Errorf("read index row %s of tenant %s: %w", row.ID, tenant, err)
	}
	if m.Tenant != tenant || m.ID != row.ID {
		return nil, fmt.Errorf("read index row %s of tenant %s: %w: it describes block %s of tenant %s",
			row.ID, tenant, block.ErrCorrupt, m.ID, m.Tenant)
	}
	return m, nil
}

// joinTenants is the tenants in the form of the header.
func joinTenants(tenants []profile.TenantID) string {
	names := make([]string, len(tenants))
	for i, t := range tenants {
		names[i] = string(t)
	}
	return strings.Join(names, "|")
}

// DefaultTimeout is how long a query may take on AWS: API Gateway waits for 30
// seconds, and the answer has to be written.
const DefaultTimeout = 25 * time.Second
