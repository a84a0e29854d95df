package retention

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Kind is that of the records of rules. Keys are "kept" for what the tenant
// keeps, "kept/<service>" for a service, and "deleted/<service>" for a service
// that was deleted; of a name that is too long there is a hash. Values are JSON.
const Kind records.Kind = "retention"

// MaxRules is how many rules a tenant can have: all of them are read for every
// query.
const MaxRules = 1000

// entry is the value of a record.
type entry struct {
	Service string `json:"service,omitempty"` // "": the tenant
	// Before is when the service was deleted, Unix nanoseconds; 0 if the record
	// is about how long profiles are kept.
	Before int64         `json:"before,omitempty"`
	Keep   time.Duration `json:"keep"` // nanoseconds; 0: for ever
}

const (
	prefixDeleted = "deleted"
	prefixKept    = "kept"
	// maxName is the longest service name that is part of a key.
	maxName = records.MaxKeyBytes - 100
)

func nameOf(tenant profile.TenantID, prefix, service string) records.Name {
	key := prefix
	switch {
	case len(service) > maxName:
		sum := sha256.Sum256([]byte(service))
		key += "#" + hex.EncodeToString(sum[:])
	case service != "":
		key += "/" + service
	}
	return records.Name{Tenant: tenant, Kind: Kind, Key: key}
}
