package grafana

import (
	"fmt"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// source is the data source that is chosen at the top.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: cog.ToPtr(cloudWatch), Uid: cog.ToPtr("${source}")}
}

const cloudWatch = "cloudwatch"

// Names of variables of which metrics are asked.
const (
	queuesOfProfiles = "profiles"
	queueOfJobs      = "jobs"
	deadLetters      = "dead"
	tableOfBlocks    = "index"
	tableOfRecords   = "records"
	theAPI           = "api"
)

// variables are what is chosen at the top. CloudFormation gives queues, tables
// and the API names that nobody knows before, so that they are looked for among
// those that have metrics: queues and tables by the name of the stack, with which
// theirs begin.
func variables() []cog.Builder[dashboard.VariableModel] {
	stack := deployment.Default().Name
	return []cog.Builder[dashboard.VariableModel]{
		dashboard.NewDatasourceVariableBuilder("source").Label("Data source").Type(cloudWatch),
		dashboard.NewQueryVariableBuilder("region").Label("Region").Datasource(source()).
			Query(dashboard.StringOrMap{Map: map[string]any{"queryType": "regions", "refId": "regions"}}).
			Refresh(dashboard.VariableRefreshOnDashboardLoad).Current(option("default")),
		dashboard.NewTextBoxVariableBuilder("stack").Label("Stack").DefaultValue(dashboard.StringOrMap{String: &stack}).Current(option(stack)),
		dashboard.NewCustomVariableBuilder("size").Label("Size").Description("as it was deployed: the memory that GB-seconds are computed with").
			Values(dashboard.StringOrMap{String: cog.ToPtr(sizes())}).Current(named(sizeNames()[0], "0")),
		dashboard.NewTextBoxVariableBuilder("tenant").Label("Tenant").Description("a regular expression; for logs, since metrics have no dimension of tenants").
			DefaultValue(dashboard.StringOrMap{String: cog.ToPtr(".*")}).Current(option(".*")),
		found(theAPI, monitoring.API, "Count", "").Label("API").Description("the first part of the output Endpoint: <id>.execute-api"),
		found(queuesOfProfiles, monitoring.SQS, "ApproximateNumberOfMessagesVisible", monitoring.QueueProfiles+`\d*-`).Multi(true).IncludeAll(true).Current(all()).Label("Queues of profiles"),
		found(queueOfJobs, monitoring.SQS, "ApproximateNumberOfMessagesVisible", monitoring.QueueJobs+"-").Hide(dashboard.VariableHideHideVariable),
		found(deadLetters, monitoring.SQS, "ApproximateNumberOfMessagesVisible", `\w+`+monitoring.DeadLetters+"-").Multi(true).IncludeAll(true).Current(all()).Hide(dashboard.VariableHideHideVariable),
		found(tableOfBlocks, monitoring.DynamoDB, "ConsumedReadCapacityUnits", monitoring.TableIndex).Hide(dashboard.VariableHideHideVariable),
		found(tableOfRecords, monitoring.DynamoDB, "ConsumedReadCapacityUnits", monitoring.TableRecords).Hide(dashboard.VariableHideHideVariable),
	}
}

// found is a variable of what has metrics, of which the name begins with that of
// the stack and goes on with rest; any if that is nothing.
func found(name string, space monitoring.Namespace, metric, rest string) *dashboard.QueryVariableBuilder {
	v := dashboard.NewQueryVariableBuilder(name).Datasource(source()).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Query(dashboard.StringOrMap{Map: map[string]any{
			"queryType": "dimensionValues", "refId": name, "region": "$region", "namespace": string(space),
			"metricName": metric, "dimensionKey": space.Dimension(), "dimensionFilters": map[string]any{},
		}})
	if rest != "" {
		v = v.Regex(fmt.Sprintf("/^${stack}-%s/", rest))
	}
	return v
}

func option(v string) dashboard.VariableOption { return named(v, v) }

func named(text, value string) dashboard.VariableOption {
	return dashboard.VariableOption{
		Selected: cog.ToPtr(true),
		Text:     dashboard.StringOrArrayOfString{String: &text}, Value: dashboard.StringOrArrayOfString{String: &value},
	}
}

func all() dashboard.VariableOption {
	return dashboard.VariableOption{
		Selected: cog.ToPtr(true),
		Text:     dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
		Value:    dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
	}
}

// sizeNames are the sizes of deployments, the smallest first.
func sizeNames() []string { return []string{"small", "medium", "large"} }

// sizes are the choices of the variable, each with its number.
func sizes() string {
	var choices []string
	for i, name := range sizeNames() {
		choices = append(choices, fmt.Sprintf("%s : %d", name, i))
	}
	return strings.Join(choices, ",")
}

// perGB is what milliseconds of a function are multiplied with to be
// GB-seconds, in CloudWatch's metric math: by size, of which one is chosen, for
// comparing two numbers is 0 or 1 there.
func perGB(function string) string {
	var terms []string
	for i, name := range sizeNames() {
		c := deployment.Default()
		c.Size = deployment.Sizes()[name]
		for _, f := range c.Functions() {
			if f.Name == function {
				terms = append(terms, fmt.Sprintf("(${size}==%d)*%d", i, f.MemoryMB))
			}
		}
	}
	return "(" + strings.Join(terms, "+") + ")/1024/1000"
}
