package ingest

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/attime"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/calltree"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/folded"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/speedscope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Labels of profiles in text and tree formats.
const (
	labelAppName     = "app_name"     // the application, if name gives another service_name
	labelProfileID   = "profile_id"   // of the part of a profile that belongs to a span
	labelProfileName = "profile_name" // of a profile in a speedscope file
)

// text takes in a profile of one of the formats that hold stacks and values and
// nothing else. The error is an answer to the client about the request as such;
// that a profile is refused is kept in in.
func (in *intake) text(p *params, format string, body []byte) error {
	if slices.ContainsFunc(p.labels, func(l profile.Label) bool { return l.Name == labelProfileID }) {
		// Old agents send the parts of a profile that belong to a span beside
		// the whole: they would count twice.
		return nil
	}
	body, err := inflated(body, in.h.bodyLimit(in.limits))
	if err != nil {
		return err
	}
	if format == formatSpeedscope {
		return in.speedscope(p, body)
	}
	service, kind, err := splitKind(p.app)
	if err != nil {
		return connect.NewError(connect.CodeInvalidArgument, err)
	}
	labels := p.textLabels(service, kind)
	b := stacks.NewBuilder(in.limits.Profile)
	if err := textParser(format)(body, b); err != nil {
		return in.unread(labels, err)
	}
	prof := b.Profile(kind.types(p.rate))
	kind.scale(prof, p.rate)
	in.decoded(labels, p.timed(prof))
	return nil
}

func textParser(format string) func([]byte, *stacks.Builder) error {
	switch format {
	case formatTrie:
		return calltree.Trie
	case formatTree:
		return calltree.Tree
	case formatLines:
		return folded.Lines
	}
	return folded.Groups
}

// unread is about a profile that a parser could not read: one that is too large
// is refused like any other; one that is not of the format is a bad request.
func (in *intake) unread(labels profile.Labels, err error) error {
	if errors.Is(err, pprof.ErrTooLarge) {
		ls, _ := in.limits.series(labels)
		in.total++
		in.refused.add(ls, err)
		return nil
	}
	return connect.NewError(connect.CodeInvalidArgument, err)
}

// textLabels are the labels under which a profile in a text format is pushed.
func (p *params) textLabels(service string, kind textKind) profile.Labels {
	ls := append(slices.Clip(p.labels), profile.Label{Name: profile.LabelName, Value: kind.name})
	if p.named {
		return setDefault(ls, labelAppName, service)
	}
	for i := range ls {
		if ls[i].Name == profile.LabelServiceName {
			ls[i].Value = service
		}
	}
	return ls
}

// timed gives a profile the time of the request's parameters.
func (p *params) timed(prof *pprof.Profile) *pprof.Profile {
	prof.TimeNanos = attime.UnixNano(p.from)
	if until := attime.UnixNano(p.until); until > prof.TimeNanos && prof.TimeNanos >= 0 {
		prof.DurationNanos = until - prof.TimeNanos
	}
	return prof
}

// speedscope takes in the profiles of a file.
func (in *intake) speedscope(p *params, body []byte) error {
	profiles, err := speedscope.Parse(body)
	if err != nil {
		return in.unread(p.labels, err)
	}
	for i := range profiles {
		prof := &profiles[i]
		service, kind, err := speedscopeKind(p.app, prof.Unit, len(profiles) > 1)
		if err != nil {
			return connect.NewError(connect.CodeInvalidArgument, err)
		}
		labels := p.textLabels(service, kind)
		if prof.Name != "" {
			labels = setDefault(labels, labelProfileName, prof.Name)
		}
		if err := in.speedscopeProfile(p, prof, labels, kind); err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) speedscopeProfile(p *params, prof *speedscope.Profile, labels profile.Labels, kind textKind) error {
	// The unit of a file is more than a rate: nothing has to be guessed.
	factor, rate := 1.0, p.rate
	if nanos := prof.Unit.Nanoseconds(); kind.timed && nanos > 0 {
		factor, rate = nanos, nanosPerSecond
	}
	b := stacks.NewBuilder(in.limits.Profile)
	if err := prof.Read(b, func(w float64) int64 { return rounded(w * factor) }); err != nil {
		return in.unread(labels, err)
	}
	out := b.Profile(kind.types(rate))
	kind.scale(out, rate)
	in.decoded(labels, p.timed(out))
	return nil
}

// speedscopeKind is splitKind for a profile with a unit. Of several profiles in
// a file the unit says the kind, as if it were the suffix of the name.
func speedscopeKind(app string, unit speedscope.Unit, several bool) (string, textKind, error) {
	if several && unit != speedscope.None {
		kind, _ := textKinds(string(unit))
		return app, kind, nil
	}
	service, kind, err := splitKind(app)
	if err == nil && service == app && unit == speedscope.Bytes {
		kind, _ = textKinds(unitBytes)
	}
	return service, kind, err
}

// rounded returns the nearest int64.
func rounded(x float64) int64 {
	if x >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(math.Round(max(x, math.MinInt64)))
}

// inflated returns a body, unpacked if it is gzip, which none of the text
// formats can be taken for. Pyroscope takes it for text.
func inflated(body []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	return gunzip(body, limit)
}
