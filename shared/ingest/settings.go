package ingest

import (
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/limits"
	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/ratelimit"
	"github.com/pyrocumulus/pyrocumulus/shared/relabel"
)

// Settings say what a Handler accepts.
type Settings struct {
	// Multitenancy makes the X-Scope-OrgID header decide whose profiles they
	// are; without it all belong to profile.AnonymousTenant.
	Multitenancy bool
	// MaxBodyBytes is the largest body of a request, as it is sent and, if it
	// is compressed, decompressed.
	MaxBodyBytes int64
	// SendTimeout is how long the queue and the store have for a request: after
	// it the client is told to try again.
	SendTimeout time.Duration
	Limits      Limits // of tenants, if nothing else is known of them
}

// Limits bound the profiles that are accepted. What exceeds one is refused,
// never cut, but for what pprof.Limits says.
type Limits struct {
	Profile pprof.Limits

	MaxLabels          int // of a series, __name__ and service_name included
	MaxLabelNameBytes  int
	MaxLabelValueBytes int

	// MaxAge and MaxAhead are how long before and after the time of the request
	// a profile may have been taken.
	MaxAge, MaxAhead time.Duration

	MaxBodyBytes int64 // 0, or more than the setting: as the setting
	Rate         ratelimit.Limit

	MaxSessions     int             // values of __session_id__ in a series; 0: it is dropped
	RelabelRules    relabel.Rules   // of series
	SampleTypeRules relabel.Rules   // keep and drop sample types
	Sampling        limits.Sampling // which profiles to keep at all
}

// DefaultSettings returns the limits that Pyroscope has by default, without
// multitenancy. Only the limit of bodies is another one (Pyroscope: 256 MB): a
// Lambda function cannot be given more than 6 MB, and 64 MiB are plenty where
// it is run otherwise.
func DefaultSettings() Settings {
	return Settings{
		MaxBodyBytes: 64 << 20,
		SendTimeout:  5 * time.Second, // as in Pyroscope; Alloy waits for 10 s
		Limits: Limits{
			Profile:            pprof.DefaultLimits(),
			MaxLabels:          30,
			MaxLabelNameBytes:  1024,
			MaxLabelValueBytes: 2048,
			MaxAge:             time.Hour,
			MaxAhead:           10 * time.Minute,
		},
	}
}
