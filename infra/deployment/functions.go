package deployment

import (
	"maps"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// The functions by name; scripts/build makes <name>.zip of each.
const (
	Ingest      = "ingest"
	Segment     = "segment"
	CompactPlan = "compact-plan"
	Compact     = "compact"
	Sweep       = "sweep"
	Query       = "query"
	QueryWorker = "query-worker"
)

// MergeTime is how long a merge may take. Lambda wants messages to be hidden
// for at least that long.
const MergeTime = 15 * time.Minute

const (
	// apiTime is how long functions behind the HTTP API may take, which waits
	// for 30 s.
	apiTime = 29 * time.Second
	// asyncTime is how long a worker may take for a query that nobody waits for
	// (query.AsyncTime, and time to leave the answer). Others say how long they
	// wait.
	asyncTime = 15 * time.Minute
	// answerTime is what is left of it to write the answer when a query has
	// used all of its time.
	answerTime = 3 * time.Second
	// drainSlack is what a drainer needs beyond PYROCUMULUS_DRAIN_TIME to write
	// what it has gathered.
	drainSlack = 65 * time.Second
)

// Deployed is how a function is deployed.
type Deployed struct {
	Name string
	Function
	Timeout time.Duration // until Lambda ends it
	// Resources are the variables of the resources that its main asks for.
	Resources []string
	// Settings are its variables PYROCUMULUS_* that are not left to their
	// defaults: of what it reads, no more.
	Settings map[string]string
}

// Functions are those of the configuration. Workers come before who is told
// their name.
func (c Config) Functions() []Deployed {
	z, small := c.Size, Function{MemoryMB: 512}
	drain, _ := config.LoadSegment(c.lookup()) // FromContext has checked it
	all := []Deployed{
		{Name: QueryWorker, Function: z.Worker, Timeout: asyncTime, Resources: []string{config.EnvBucket}},
		{Name: Query, Function: z.Query, Timeout: apiTime, Resources: []string{config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvWorker}},
		{Name: Ingest, Function: z.Ingest, Timeout: apiTime, Resources: []string{config.EnvBucket, config.EnvQueueURL, config.EnvRecords}},
		{Name: Segment, Function: z.Segment, Timeout: drain.DrainTime + drainSlack, Resources: []string{config.EnvBucket, config.EnvTable, config.EnvQueueURL}},
		{Name: CompactPlan, Function: small, Timeout: 5 * time.Minute, Resources: []string{config.EnvTable, config.EnvRecords, config.EnvJobsURL}},
		{Name: Compact, Function: z.Compact, Timeout: MergeTime - 5*time.Second, Resources: []string{config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvJobsURL}},
		{Name: Sweep, Function: small, Timeout: 14 * time.Minute, Resources: []string{config.EnvBucket, config.EnvTable, config.EnvRecords}},
	}
	for i := range all {
		all[i].Settings = c.settingsOf(all[i].Name)
	}
	return all
}

// loaders read the settings of functions.
func loaders() map[string]func(config.Lookup) error {
	return map[string]func(config.Lookup) error{
		Ingest: loader(config.LoadIngest), Segment: loader(config.LoadSegment),
		CompactPlan: loader(config.LoadCompactPlan), Compact: loader(config.LoadCompact), Sweep: loader(config.LoadSweep),
		Query: loader(config.LoadQuery), QueryWorker: loader(config.LoadQueryWorker),
	}
}

func loader[S any](load func(config.Lookup) (S, error)) func(config.Lookup) error {
	return func(lookup config.Lookup) error { _, err := load(lookup); return err }
}

// all are the settings that the user gave, and those that follow from others.
func (c Config) all() map[string]string {
	all := maps.Clone(c.Settings)
	if all == nil {
		all = make(map[string]string)
	}
	all[config.EnvAuth] = string(c.Auth)
	all[config.EnvRetention] = c.Storage.Retention().String()
	return all
}

func (c Config) lookup() config.Lookup {
	all := c.all()
	return func(name string) (string, bool) { v, ok := all[name]; return v, ok }
}

// settingsOf are those that a function reads.
func (c Config) settingsOf(function string) map[string]string {
	given, read := c.lookup(), make(map[string]string)
	if load := loaders()[function]; load != nil {
		_ = load(func(name string) (string, bool) { // FromContext has checked it
			v, ok := given(name)
			if ok {
				read[name] = v
			}
			return v, ok
		})
	}
	return read
}
