// Package deployment is what a user says of the stack: its configuration, by
// CDK context, with defaults for three sizes. It knows nothing of constructs.
package deployment

import (
	"regexp"
	"time"
)

// Auth is how the tenant of a request is found.
type Auth string

// The ways to find the tenant.
const (
	// AuthToken: by the token of the request, which the functions look up. Headers
	// that name a tenant are ignored.
	AuthToken Auth = "token"
	// AuthHeader: by the header X-Scope-OrgID, from networks and proxies that
	// are trusted to set it. Anyone who reaches the endpoint names any tenant.
	AuthHeader Auth = "header"
)

// Config is the configuration of a stack.
type Config struct {
	Name    string // of the stack and, as their prefix, of its resources
	Size    Size
	Auth    Auth
	Tags    map[string]string
	Alarms  Alarms
	Storage Storage
	// FunctionURL puts a URL of the ingest function in front of pushes, beside
	// the HTTP API: no price for each request, no throttle of its own. The token
	// is then checked by the function.
	FunctionURL bool
	// ThrottleRate and ThrottleBurst bound the requests of the HTTP API, in a
	// second and at once.
	ThrottleRate  float64
	ThrottleBurst int
	// LogDays is how long logs are kept.
	LogDays int
	// AccessLogs writes a line for each request of the HTTP API.
	AccessLogs bool
	// Settings are variables PYROCUMULUS_* of the functions, by name.
	Settings map[string]string
}

// Storage is how what is stored is kept.
type Storage struct {
	// Retention is after how many days profiles are deleted; 0: never.
	RetentionDays int
	// InfrequentDays, InstantDays and ArchiveDays are after how many days blocks
	// move to S3 Standard-IA, Glacier Instant Retrieval and Glacier Deep
	// Archive; 0: never. Archived blocks cannot be queried.
	InfrequentDays, InstantDays, ArchiveDays int
	// Destroy deletes everything that is stored with the stack; without it the
	// bucket and the tables stay.
	Destroy bool
	// ReplicaBucketARN is a bucket in another region, with versioning, to which
	// objects are replicated; "": none.
	ReplicaBucketARN string
}

// Alarms are whom to tell, and when it costs too much.
type Alarms struct {
	Email     string // "": nobody; alarms are then seen in the console only
	BudgetUSD int    // a month; 0: no budget
}

// Size is how much the functions may do.
type Size struct {
	Name   string
	Queues int // queues of profiles, each with drainers of its own
	// ExtraDrainers of each queue start when there is a backlog.
	ExtraDrainers int

	Ingest, Segment, Compact, Query, Worker Function
	// Compactions is how many merges run at once.
	Compactions int
}

// Function is the size of a function.
type Function struct {
	MemoryMB int
	Reserved int // concurrency that is the function's alone, and its bound; 0: unreserved
}

// Sizes are the sizes by name. Small reserves nothing, for new accounts have too
// little concurrency to reserve any; medium fits the usual quota of 1,000, of
// which 100 must stay unreserved; large needs 2,000.
func Sizes() map[string]Size {
	return map[string]Size{
		"small": {
			Name: "small", Queues: 1, ExtraDrainers: 1, Compactions: 2,
			Ingest: Function{256, 0}, Segment: Function{512, 0}, Compact: Function{1024, 0},
			Query: Function{1769, 0}, Worker: Function{1769, 0},
		},
		"medium": {
			Name: "medium", Queues: 2, ExtraDrainers: 2, Compactions: 4,
			Ingest: Function{256, 200}, Segment: Function{1769, 10}, Compact: Function{1769, 4},
			Query: Function{1769, 20}, Worker: Function{1769, 200},
		},
		"large": {
			Name: "large", Queues: 8, ExtraDrainers: 4, Compactions: 16,
			Ingest: Function{256, 1000}, Segment: Function{1769, 60}, Compact: Function{1769, 16},
			Query: Function{1769, 60}, Worker: Function{1769, 640},
		},
	}
}

// Default is the configuration of a stack of which nothing is said.
func Default() Config {
	return Config{
		Name: "pyrocumulus", Size: Sizes()["small"], Auth: AuthToken,
		Storage:      Storage{RetentionDays: 31},
		ThrottleRate: 2000, ThrottleBurst: 4000, LogDays: 14,
	}
}

// validName is what bucket, queue and function names begin with.
var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,23}$`)

// Retention is how long profiles are kept, for the functions; 0 is for ever.
func (s Storage) Retention() time.Duration { return time.Duration(s.RetentionDays) * 24 * time.Hour }
