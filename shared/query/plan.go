package query

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// blocks returns the blocks of the tenants that can have profiles from from to
// to (Unix nanoseconds, inclusive).
func (h *Handler) blocks(ctx context.Context, tenants []profile.TenantID, from, to int64) ([]*block.Meta, error) {
	names := joinTenants(tenants)
	telemetry.SetTenant(ctx, names)
	var out []*block.Meta
	var size, profiles int64
	for _, tenant := range tenants {
		rows, err := h.find(ctx, tenant, from, to)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			m, err := describe(tenant, &rows[i])
			if err != nil {
				return nil, err
			}
			size += m.Size
			profiles += m.Profiles
			out = append(out, m)
		}
	}
	h.Log.LogAttrs(ctx, slog.LevelDebug, "query planned",
		slog.String(telemetry.KeyTenant, names), slog.Int("blocks", len(out)),
		slog.Int64(telemetry.KeyBytes, size), slog.Int64(telemetry.KeyProfiles, profiles))
	return out, nil
}

// find asks the index.
func (h *Handler) find(ctx context.Context, tenant profile.TenantID, from, to int64) ([]blockindex.Row, error) {
	if from > to {
		return nil, nil
	}
	rows, err := h.Index.Find(ctx, tenant, from, to)
	if err != nil {
		return nil, fmt.Errorf("find blocks of tenant %s: %w", tenant, err)
	}
	return rows, nil
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
