// Package queryworker answers the requests into which a query is divided: it is
// what stands behind every query backend, in a function of its own on AWS, in
// the same process on a laptop.
package queryworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/readstats"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Settings say how a worker answers.
type Settings struct {
	// AnswerBytes is the largest answer that is returned as it is; a larger one
	// goes through the object store. 0 is any size, for callers that can take
	// it; the most that Lambda can return is querybackend.MaxInlineBytes.
	AnswerBytes int
}

// Store is the part of an object store that a worker uses beside its engine's.
type Store interface {
	objstore.Reader
	objstore.Putter
}

// Deps is what a worker works with. All but CPU are required; Store only if
// there are AnswerBytes or calls with a ReplyKey.
type Deps struct {
	Engine *engine.Engine // on a store that readstats counts
	Store  Store
	// NewID makes the ids of answers in the store: never the same twice.
	NewID func() string
	// CPU is the CPU time that the process has used; nil is not to tell.
	CPU func() time.Duration
	Log *slog.Logger
}

// Worker answers requests. It may be used by many goroutines.
type Worker struct {
	settings Settings
	Deps
}

// New returns a worker.
func New(s Settings, d Deps) *Worker { return &Worker{settings: s, Deps: d} }

// Answer answers a call. Its error is always nil: what goes wrong is part of
// the reply, so that who asks can tell it from a worker that died.
func (w *Worker) Answer(ctx context.Context, c querybackend.Call) (querybackend.Reply, error) {
	if c.TimeoutMillis > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.TimeoutMillis)*time.Millisecond)
		defer cancel()
	}
	telemetry.Annotate(ctx, slog.String(telemetry.KeyQuery, c.Query))
	reply, err := w.answer(ctx, c)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = errors.Join(err, cause)
		}
		w.Log.LogAttrs(ctx, slog.LevelWarn, "query worker has no answer", slog.String(telemetry.KeyQuery, c.Query), telemetry.Err(err))
		reply = querybackend.Reply{Failed: querybackend.NewFailure(err)}
	}
	if c.ReplyKey == "" || errors.Is(err, querybackend.ErrRequest) {
		return reply, nil // of a bad request the key is not to be trusted either
	}
	w.leave(ctx, c, reply)
	return querybackend.Reply{}, nil
}

// leaveTime is how long it may take to put a reply into the store, also when the
// time to answer is up.
const leaveTime = 5 * time.Second

// leave puts a reply where it is looked for. If it cannot, who looks finds
// nothing and gives up in the end.
func (w *Worker) leave(ctx context.Context, c querybackend.Call, reply querybackend.Reply) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	body, err := json.Marshal(reply)
	if err == nil {
		err = w.Store.Put(ctx, c.ReplyKey, body)
	}
	if err != nil {
		w.Log.LogAttrs(ctx, slog.LevelError, "reply of query worker could not be stored", slog.String(telemetry.KeyQuery, c.Query),
			slog.String(telemetry.KeyKey, c.ReplyKey), telemetry.Err(err))
	}
}

func (w *Worker) answer(ctx context.Context, c querybackend.Call) (out querybackend.Reply, err error) {
	if c.RequestKey != "" {
		if c.Request, err = w.Store.Get(ctx, c.RequestKey); err != nil {
			return out, fmt.Errorf("fetch the request: %w", err)
		}
	}
	r, err := querybackend.ParseRequest(c.Request)
	if err != nil {
		return out, err
	}
	for _, key := range []string{c.ReplyKey, c.RequestKey} {
		if key != "" && !strings.HasPrefix(key, querybackend.AnswerPrefix(r.Tenant)) {
			return out, fmt.Errorf("%w: key %q is not below %s", querybackend.ErrRequest, key, querybackend.AnswerPrefix(r.Tenant))
		}
	}
	telemetry.SetTenant(ctx, string(r.Tenant))
	started := w.cpu()
	var reads readstats.Counter
	var losses engine.Losses
	report, err := w.Engine.Tolerating(&losses).Run(readstats.With(ctx, &reads), r.Blocks, r.Task)
	if err != nil {
		return out, fmt.Errorf("answer from %d blocks: %w", len(r.Blocks), err)
	}
	a := querybackend.Answer{Report: report, Gone: losses.Gone(), Failed: losses.Failed(), Archived: losses.Archived()}
	if err := losses.Err(); err != nil {
		w.Log.LogAttrs(ctx, slog.LevelWarn, "blocks could not be read", slog.String(telemetry.KeyTenant, string(r.Tenant)),
			slog.Any("blocks", a.Failed), telemetry.Err(err))
	}
	a.Stats = querybackend.Stats{Counts: reads.Counts(), CPU: w.cpu() - started}
	body := a.Append(nil)
	w.tell(ctx, r, &a, len(body))
	if w.settings.AnswerBytes == 0 || c.ReplyKey != "" || len(body) <= w.settings.AnswerBytes {
		return querybackend.Reply{Answer: body}, nil
	}
	key := querybackend.AnswerKey(r.Tenant, w.NewID())
	if err := w.Store.Put(ctx, key, body); err != nil {
		return out, fmt.Errorf("store an answer of %d bytes: %w", len(body), err)
	}
	return querybackend.Reply{Key: key}, nil
}

func (w *Worker) cpu() time.Duration {
	if w.CPU == nil {
		return 0
	}
	return w.CPU()
}

// tell adds what an answer took to the log line of the invocation. The query counts
// what all of its workers took.
func (w *Worker) tell(ctx context.Context, r *querybackend.Request, a *querybackend.Answer, size int) {
	telemetry.Annotate(ctx, slog.Int(telemetry.KeyBlocks, len(r.Blocks)), slog.Int64(telemetry.KeyBytes, a.Stats.Bytes),
		slog.Int64(telemetry.KeyRequests, a.Stats.Requests), slog.Int64(telemetry.KeyCacheHits, a.Stats.CacheHits),
		slog.Float64(telemetry.KeyCPUMS, telemetry.Milliseconds(a.Stats.CPU)), slog.Int("answer_bytes", size),
		slog.Int("missing", len(a.Gone)+len(a.Failed)))
}
