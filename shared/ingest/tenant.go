package ingest

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// TenantLimits knows the limits of tenants; *limits.Tenants does.
type TenantLimits interface {
	Of(ctx context.Context, tenant profile.TenantID) limits.Limits
}

// RateLimiter decides whether a tenant may push some bytes; *ratelimit.Limiter
// does. Errors are *ratelimit.Refusal.
type RateLimiter interface {
	Take(ctx context.Context, tenant profile.TenantID, limit ratelimit.Limit, bytes int64) error
	Exhausted(tenant profile.TenantID, limit ratelimit.Limit, bytes int64) error
}

// limitsOf returns the limits of a tenant.
func (h *Handler) limitsOf(ctx context.Context, tenant profile.TenantID) Limits {
	if h.Tenants == nil {
		return h.settings.Limits
	}
	l := h.Tenants.Of(ctx, tenant)
	return Limits{
		Profile: pprof.Limits{
			MaxBytes: l.MaxProfileBytes, MaxSamples: l.MaxProfileSamples, MaxSampleLabels: l.MaxSampleLabels,
			MaxStackDepth: l.MaxStackDepth, MaxSymbolBytes: l.MaxSymbolBytes,
		},
		MaxLabels: l.MaxLabels, MaxLabelNameBytes: l.MaxLabelNameBytes, MaxLabelValueBytes: l.MaxLabelValueBytes,
		MaxAge: l.RejectOlderThan, MaxAhead: l.RejectNewerThan,
		MaxBodyBytes: l.MaxBodyBytes,
		// One profile must fit, or it would never be taken.
		Rate: ratelimit.Limit{Rate: l.IngestionRate, Burst: max(l.IngestionBurst, l.MaxProfileBytes)},

		MaxSessions: l.MaxSessions, RelabelRules: l.RelabelRules, SampleTypeRules: l.SampleTypeRules, Sampling: l.Sampling,
	}
}

// bodyLimit is the largest body that a tenant may send.
func (h *Handler) bodyLimit(l Limits) int64 {
	if l.MaxBodyBytes <= 0 {
		return h.settings.MaxBodyBytes
	}
	return min(h.settings.MaxBodyBytes, l.MaxBodyBytes)
}

// spare refuses a request before it is looked into, if the tenant is known to
// have nothing left for as many bytes as it was sent in.
func (in *intake) spare(sentBytes int) error {
	if in.h.Rate == nil {
		return nil
	}
	return errRate(in.h.Rate.Exhausted(in.tenant, in.limits.Rate, int64(sentBytes)))
}

// takeRate counts the profiles that are to be stored, uncompressed. Not even
// those of a request that would fit are stored if all of them do not.
func (in *intake) takeRate(ctx context.Context) error {
	if in.h.Rate == nil {
		return nil
	}
	err := in.h.Rate.Take(ctx, in.tenant, in.limits.Rate, in.bytes)
	if err != nil {
		in.h.Log.LogAttrs(ctx, slog.LevelWarn, "push refused by the rate limit",
			slog.String(telemetry.KeyTenant, string(in.tenant)), slog.Int64(telemetry.KeyBytes, in.bytes),
			slog.Int64("rate", in.limits.Rate.Rate))
	}
	return errRate(err)
}

// errRate is the answer to a request that is too much for now.
func errRate(err error) error {
	if err == nil {
		return nil
	}
	answer := connect.NewError(connect.CodeResourceExhausted, err)
	if refused := new(ratelimit.Refusal); errors.As(err, &refused) {
		answer.Meta().Set("Retry-After", strconv.Itoa(int(refused.RetryAfter/time.Second)))
	}
	return answer
}
