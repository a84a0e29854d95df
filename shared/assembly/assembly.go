// Package assembly puts the use cases together from settings and whatever
// implements the contracts, and hosts them as Lambda functions. The functions
// on AWS and the local host differ in the adapters that they hand in, and in
// nothing else.
package assembly

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/envelope"
	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/lambdahost"
	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
)

// Host is what every function is hosted with.
type Host struct {
	Log     *slog.Logger
	Metrics io.Writer // for lines of metrics; nil for none
	Now     func() time.Time
}

func (h Host) options(function string) lambdahost.Options {
	return lambdahost.Options{Function: function, Logger: h.Log, Metrics: h.Metrics, Now: h.Now}
}

// IngestStore is what the ingest function needs of the object store.
type IngestStore interface {
	objstore.Reader
	objstore.Putter
}

// IngestRecords is what it needs of the record store.
type IngestRecords interface {
	limits.Reader
	ratelimit.Counter
}

// Ingest returns the ingest function, which sends to one queue or several.
func Ingest(h Host, c config.Ingest, queues []queue.Sender, store IngestStore, presign objstore.Presigner, facts IngestRecords) (lambdahost.HTTPFunc, error) {
	codec, err := envelope.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("assemble ingest: %w", err)
	}
	defaults, err := limits.Defaults(c)
	if err != nil {
		return nil, fmt.Errorf("assemble ingest: %w", err)
	}
	s := ingest.DefaultSettings()
	s.Multitenancy = c.Auth.Multitenancy()
	s.MaxBodyBytes = max(c.MaxBodyBytes, s.MaxBodyBytes) // tenants may be allowed more than the default
	handler := ingest.New(s, ingest.Deps{
		Queues: queues, Store: store, Codec: codec, Now: h.Now, Log: h.Log,
		Tenants: limits.New(defaults, facts, h.Now, h.Log),
		Rate:    ratelimit.New(facts, h.Now, h.Log),
		Uploads: &ingest.Uploads{Presign: presign, Store: store},
	})
	return lambdahost.HTTP(withReady(h.guarded(handler, c.Auth, facts, ingestAccess)), h.options("ingest")), nil
}
