package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/functions/local/datadir"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/records/boltrecords"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// token makes a token in the data directory of the running host, as
// pyrocumulus tokens does.
func (c *call) token() {
	scopes := c.flags.String("scopes", "ingest,query", "")
	reads := c.flags.String("reads", "", "")
	c.parse(2)
	store, err := boltrecords.Open(filepath.Join(c.dir, "data", datadir.RecordsFile), boltrecords.Options{})
	c.ts.Check(err)
	defer store.Close()
	spec := token.Spec{Tenant: profile.TenantID(c.args[0])}
	for scope := range strings.SplitSeq(*scopes, ",") {
		spec.Scopes = append(spec.Scopes, token.Scope(scope))
	}
	if *reads != "" {
		for tenant := range strings.SplitSeq(*reads, ",") {
			spec.Reads = append(spec.Reads, profile.TenantID(tenant))
		}
	}
	_, text, err := token.Admin{Store: store, Now: time.Now}.Create(context.Background(), spec)
	c.ts.Check(err)
	c.ts.Setenv(c.args[1], text.Reveal())
}
