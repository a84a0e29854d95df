package limits

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records"
)

// Kind is that of the records of overrides. A tenant has one at most, with the
// key "overrides". Its value is a JSON object of names and values as in the
// environment: {"ingestion_rate":"16MiB","reject_older_than":"6h"}. Limits that are JSON
// themselves, such as rules, are strings here as well.
const Kind records.Kind = "limits"

func recordName(tenant profile.TenantID) records.Name {
	return records.Name{Tenant: tenant, Kind: Kind, Key: "overrides"}
}

// Overrides are limits of one tenant by name, as in the environment.
type Overrides map[string]string

func decode(value []byte) (Overrides, error) {
	var o Overrides
	if err := json.Unmarshal(value, &o); err != nil {
		return nil, fmt.Errorf("read overrides: %w", err)
	}
	return o, nil
}

// Apply returns the limits with the overrides in force. Of an override that
// cannot be read the default stays; the error, which joins all of them, says
// which those are.
func (o Overrides) Apply(defaults Limits) (Limits, error) {
	l := defaults
	var errs []error
	known := 0
	for _, s := range Settings() {
		text, ok := o[s.Name]
		if !ok {
			continue
		}
		known++
		before := l
		if err := s.apply(&l, text); err != nil {
			l = before
			errs = append(errs, fmt.Errorf("limit %s: %w", s.Name, err))
		}
	}
	if known < len(o) {
		errs = append(errs, fmt.Errorf("%d limits are not known", len(o)-known))
	}
	return l, errors.Join(errs...)
}
