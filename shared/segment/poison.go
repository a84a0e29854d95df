package segment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// Messages that cannot be read are kept in a folder of their own: below the
// tenant if that much can be read, else below a name that no tenant can have.
const (
	poisonFolder  = "poison"
	unknownTenant = "~unknown"
)

// poisonKey names a message by its content, so that one that is set aside
// twice is kept once.
func poisonKey(m *message) string {
	owner := unknownTenant
	if m.envelope != nil {
		owner = string(m.envelope.Tenant)
	}
	sum := sha256.Sum256(m.Body)
	return owner + "/" + poisonFolder + "/" + hex.EncodeToString(sum[:16])
}

// setAside keeps messages that can never be stored, for a person to look at,
// and deletes them, so that they do not block their group for ever.
func (d *Drainer) setAside(ctx context.Context, h *hold, ms []*message) (Stats, error) {
	var stats Stats
	var kept []*message
	var errs []error
	for _, m := range ms {
		key := poisonKey(m)
		put := func(ctx context.Context) error { return d.Store.Put(ctx, key, m.Body) }
		if err := d.retry(ctx, h, []*message{m}, put); err != nil {
			stats.Failed++
			errs = append(errs, fmt.Errorf("set aside a message that cannot be read: put %s: %w", key, err))
			continue
		}
		d.Log.LogAttrs(ctx, slog.LevelError, "message set aside", slog.String("key", key), slog.Any("err", m.err))
		stats.Poison++
		stats.Messages++
		// What it pointed at stays, should there be anything.
		kept = append(kept, &message{Delivery: m.Delivery})
	}
	return stats, errors.Join(append(errs, d.finish(ctx, kept))...)
}
