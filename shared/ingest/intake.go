package ingest

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// intake is the profiles of one request on their way to the queue.
type intake struct {
	h       *Handler
	tenant  profile.TenantID
	limits  Limits
	now     time.Time // of the request; every profile is judged by it
	total   int       // profiles that were sent
	parcels []parcel
	bytes   int64 // of the parcels, uncompressed
	refused refusals
	buf     []byte // for encoded profiles, one at a time
}

// parcel is a profile that is ready to be sent.
type parcel struct {
	message queue.Message
	queue   int // it goes to this one
	// claim is what is to be stored under key before the message is sent, for
	// a profile that is too large to travel in it.
	claim []byte
	key   string
}

func (h *Handler) newIntake(ctx context.Context, tenant profile.TenantID) *intake {
	return &intake{h: h, tenant: tenant, limits: h.limitsOf(ctx, tenant), now: h.Now()}
}

// series takes profiles as they were sent under one set of labels, and leaves
// none of them in the list.
func (in *intake) series(sent profile.Labels, profiles [][]byte) {
	in.total += len(profiles)
	ls, err := in.limits.series(sent)
	for i, raw := range profiles {
		profiles[i] = nil // it may go as soon as it is decoded
		if err != nil {
			in.refused.add(ls, err)
			continue
		}
		p, decodeErr := pprof.Decode(raw, in.limits.Profile)
		if decodeErr != nil {
			in.refused.add(ls, decodeErr)
			continue
		}
		in.profile(ls, p)
	}
}

// decoded takes a profile that an endpoint had to look into.
func (in *intake) decoded(sent profile.Labels, p *pprof.Profile) {
	in.total++
	ls, err := in.limits.series(sent)
	if err != nil {
		in.refused.add(ls, err)
		return
	}
	in.profile(ls, p)
}

// profile checks and normalises a profile, which it changes, and makes it ready
// to be sent. Of a profile without values, or one that the tenant's rules drop,
// nothing remains to be stored, which is no mistake.
func (in *intake) profile(ls profile.Labels, p *pprof.Profile) {
	if p.TimeNanos == 0 {
		p.TimeNanos = in.now.UnixNano()
	}
	limits := &in.limits
	if err := limits.checkTime(p.TimeNanos, in.now); err != nil {
		in.refused.add(ls, err)
		return
	}
	limits.keepTypes(ls, p)
	setVersion(p, ls)
	if p.MayBeCut() && isGo(ls, p) {
		p.StitchGo()
	}
	p.Normalize()
	if len(p.Samples) == 0 {
		return
	}
	parts, err := limits.parts(ls, p)
	if err != nil {
		in.refused.add(ls, err)
		return
	}
	for _, part := range parts {
		in.pack(part.labels, part.profile)
	}
}

// checkTime judges when a profile was taken (Unix nanoseconds).
func (l *Limits) checkTime(nanos int64, now time.Time) error {
	t := time.Unix(0, nanos).UTC()
	first, last := now.Add(-l.MaxAge).UTC(), now.Add(l.MaxAhead).UTC()
	if t.Before(first) || t.After(last) {
		return fmt.Errorf("%w: it was taken at %s, accepted is what was taken from %s to %s", errTime,
			t.Format(time.RFC3339), first.Format(time.RFC3339), last.Format(time.RFC3339))
	}
	return nil
}

// pack makes a message of a profile. Its id is taken from the normalised
// profile, plain: it is the same if a client sends a profile again, compressed
// in whatever way. So is whether it is sampled.
func (in *intake) pack(ls profile.Labels, p *pprof.Profile) {
	in.buf = p.AppendEncode(in.buf[:0])
	id := profile.PushID(in.tenant, ls, p.TimeNanos, in.buf)
	if !in.limits.Sampling.Keeps(ls.Get(profile.LabelServiceName), binary.BigEndian.Uint64(id[8:])<<2) {
		return
	}
	e := envelope.Envelope{Tenant: in.tenant, ID: id, ReceivedAt: in.now.UnixMilli(), Labels: ls}
	in.bytes += int64(len(in.buf))
	packed := in.h.Codec.Pack(in.buf)
	out := parcel{queue: in.h.queueOf(in.tenant, ls)}
	if len(packed) > envelope.MaxInlineBytes {
		out.claim, out.key = packed, envelope.Key(in.tenant, id)
		e.Key = out.key
	} else {
		e.Packed = packed
	}
	var hash [8]byte
	binary.BigEndian.PutUint64(hash[:], profile.SeriesHash(in.tenant, ls))
	out.message = queue.Message{
		Group:   hex.EncodeToString(hash[:]),
		DedupID: id.String(),
		Body:    e.Append(make([]byte, 0, len(e.Packed)+envelopeOverhead)),
	}
	in.parcels = append(in.parcels, out)
}

// envelopeOverhead is about what an envelope holds beside the profile.
const envelopeOverhead = 512

// finish sends what was accepted and returns what is to be told to the client:
// nil if every profile of the request is on the queue (or had nothing to be
// stored), else a *connect.Error.
func (in *intake) finish(ctx context.Context) error {
	metrics := telemetry.MetricsFrom(ctx)
	metrics.Add(telemetry.MetricProfilesIn, float64(in.total))
	metrics.Add(telemetry.MetricProfileBytes, float64(in.bytes))
	metrics.Add(telemetry.MetricProfilesRejected, float64(in.refused.count))
	if err := in.takeRate(ctx); err != nil {
		metrics.Add(telemetry.MetricProfilesRejected, float64(len(in.parcels)))
		return err
	}
	if err := in.h.send(ctx, in.parcels); err != nil {
		in.h.Log.LogAttrs(ctx, slog.LevelError, "profiles not stored",
			slog.String("tenant", string(in.tenant)), slog.Int("profiles", len(in.parcels)), slog.Any("error", err))
		return errNotStored(ctx)
	}
	metrics.Add(telemetry.MetricProfilesOut, float64(len(in.parcels)))
	if in.refused.count > 0 {
		in.h.Log.LogAttrs(ctx, slog.LevelWarn, "profiles refused",
			slog.String("tenant", string(in.tenant)), slog.Int("profiles", in.total),
			slog.Int("refused", in.refused.count), slog.Any("reasons", in.refused.reasons))
		return connect.NewError(connect.CodeInvalidArgument, errors.New(in.refused.message(in.total)))
	}
	return nil
}
