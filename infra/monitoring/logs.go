package monitoring

import (
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Log is a question to the logs of functions, in CloudWatch Logs Insights. What
// is counted has no dimension for the tenant, which would be billed as a metric
// for each; the lines that metrics are made of have it.
type Log struct {
	Title, Means string
	Functions    []string // of whose logs
	// Table shows rows of numbers, rather than lines.
	Table bool
	query string
}

// Query is the question, of tenants that match a regular expression; "" is all,
// and lines of nobody.
func (l Log) Query(tenant string) string {
	if tenant == "" {
		return l.query
	}
	return fmt.Sprintf("filter %s like /%s/ or not ispresent(%s)\n| %s", telemetry.KeyTenant, tenant, telemetry.KeyTenant, l.query)
}

// Group is the name of the log group of a function.
func Group(stack, function string) string { return "/" + stack + "/" + function }

func fields(names ...string) string { return "fields " + strings.Join(names, ", ") }

func tenants() Log {
	sum := func(m telemetry.Metric, as string) string { return fmt.Sprintf("sum(%s) as %s", m, as) }
	return Log{
		Title: "Pushes by tenant", Means: "Profiles that arrived and were refused, and their bytes.", Table: true,
		Functions: []string{deployment.Ingest},
		query: fmt.Sprintf("filter ispresent(%s)\n| stats %s, %s, %s by %s\n| sort profiles desc\n| limit 50", telemetry.MetricProfilesIn,
			sum(telemetry.MetricProfilesIn, "profiles"), sum(telemetry.MetricProfilesRejected, "refused"), sum(telemetry.MetricProfileBytes, "bytes"), telemetry.KeyTenant),
	}
}

func slowQueries() Log {
	return Log{
		Title: "Longest queries", Means: "With what they read and how many workers they took.", Table: true,
		Functions: []string{deployment.Query},
		query: "filter ispresent(planned_bytes)\n| " + fields("@timestamp", telemetry.KeyTenant, telemetry.KeyPath, telemetry.KeyDurationMS, "planned_bytes",
			telemetry.KeyRequests, telemetry.KeyCacheHits, telemetry.KeyCPUMS, telemetry.KeyRequestID) + "\n| sort " + telemetry.KeyDurationMS + " desc\n| limit 50",
	}
}

func complaints() Log {
	all := deployment.Default().Functions() // every size has the same
	l := Log{
		Title: "Errors and warnings", Means: "The newest first. The lines of one request have the same request_id, those of a query's workers as query.",
		query: "filter level in [\"ERROR\", \"WARN\"]\n| " + fields("@timestamp", "@message") + "\n| sort @timestamp desc\n| limit 200",
	}
	for _, f := range all {
		l.Functions = append(l.Functions, f.Name)
	}
	return l
}
