package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/recording"
	"github.com/pyrocumulus/pyrocumulus/shared/jfr"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Reasons to refuse a profile, beside those of package pprof.
var (
	errLabels = errors.New("bad labels")
	errTime   = errors.New("outside of the time window")
)

// Of many refused profiles the answer names some; and of long labels the
// beginning.
const (
	maxNamed      = 5
	maxNamedBytes = 300
)

// refusals gathers what is wrong with the profiles of a request, to tell the
// client.
type refusals struct {
	count   int
	named   []string
	reasons map[string]int // counts by reason, for the log
}

func (r *refusals) add(ls profile.Labels, err error) {
	r.count++
	if r.reasons == nil {
		r.reasons = make(map[string]int)
	}
	r.reasons[reason(err)]++
	if len(r.named) < maxNamed {
		r.named = append(r.named, cut(ls.String(), maxNamedBytes)+": "+cut(err.Error(), maxNamedBytes))
	}
}

// message tells the client which of its profiles were refused and why.
func (r *refusals) message(total int) string {
	text := strings.Join(r.named, "; ")
	if more := r.count - len(r.named); more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	if total > 1 {
		text = fmt.Sprintf("%d of %d profiles refused: %s", r.count, total, text)
	}
	return text
}

// reason classifies an error without quoting it: what it quotes may be from
// the profile, which the log must not hold.
func reason(err error) string {
	switch {
	case errors.Is(err, errLabels):
		return "labels"
	case errors.Is(err, errTime):
		return "time"
	case errors.Is(err, pprof.ErrTooLarge):
		return "too large"
	case errors.Is(err, pprof.ErrMalformed), errors.Is(err, jfr.ErrMalformed), errors.Is(err, recording.ErrLabels):
		return "malformed"
	default:
		return "invalid"
	}
}

// cut returns at most about n bytes of s, as valid UTF-8.
func cut(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// errNotStored is the answer to a request whose profiles could not all be
// brought to the queue. What went wrong is for the log, not for the client; it
// is to try again.
func errNotStored(ctx context.Context) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, errors.New("profiles were not stored in time"))
	case errors.Is(ctx.Err(), context.Canceled):
		return connect.NewError(connect.CodeCanceled, errors.New("request was cancelled before the profiles were stored"))
	default:
		return connect.NewError(connect.CodeUnavailable, errors.New("profiles cannot be stored at the moment"))
	}
}
