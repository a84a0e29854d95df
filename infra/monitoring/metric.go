// Package monitoring is what is watched of a deployment, as data and without
// CDK: alarms, graphs, and questions to the logs. Package infra/stack makes the
// alarms and the dashboard of CloudWatch of it, package infra/grafana the
// dashboard of Grafana, so that a metric or a threshold is written once.
package monitoring

import (
	"time"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Namespace is where CloudWatch files a metric, which says of what it can be.
type Namespace string

// The namespaces: our own, and those of the services in use.
const (
	Own      Namespace = telemetry.Namespace
	Lambda   Namespace = "AWS/Lambda"
	SQS      Namespace = "AWS/SQS"
	API      Namespace = "AWS/ApiGateway"
	DynamoDB Namespace = "AWS/DynamoDB"
)

// Dimension is the one dimension by which metrics of a namespace are asked for.
func (n Namespace) Dimension() string {
	return map[Namespace]string{
		Own: telemetry.KeyFunction, Lambda: "FunctionName", SQS: "QueueName", API: "ApiId", DynamoDB: "TableName",
	}[n]
}

// Metric is one line of a graph.
type Metric struct {
	Namespace Namespace
	Name      string
	// Of is what it is of: a function by its name, a queue or a table by its id
	// in the stack, nothing for the one API.
	Of        string
	Statistic string // as CloudWatch spells it
	Period    time.Duration
}

// Ids of queues and tables in the stack; the queues of profiles are Profiles,
// Profiles2 and so on.
const (
	QueueProfiles = "Profiles"
	QueueJobs     = "Jobs"
	DeadLetters   = "DeadLetters" // after the id of a queue: its queue of dead letters
	TableIndex    = "Index"
	TableRecords  = "Records"
)

// ProfileQueues are the ids of the queues of profiles.
func ProfileQueues(c deployment.Config) []string {
	var all []string
	for i := range c.Size.Queues {
		all = append(all, QueueProfiles+Suffix(i))
	}
	return all
}

const (
	one  = time.Minute     // queues: alarms on them should be early
	five = 5 * time.Minute // everything else
)

// own is a metric that a function writes itself.
func own(function string, name telemetry.Metric, statistic string) Metric {
	return Metric{Own, string(name), function, statistic, five}
}

func ofQueue(id, name, statistic string) Metric { return Metric{SQS, name, id, statistic, one} }

func ofAPI(name, statistic string) Metric { return Metric{API, name, "", statistic, five} }

func ofTable(id, name string) Metric { return Metric{DynamoDB, name, id, "Sum", five} }

// ofFunctions is the same metric of each function.
func ofFunctions(c deployment.Config, name, statistic string) []Metric {
	var all []Metric
	for _, f := range c.Functions() {
		all = append(all, Metric{Lambda, name, f.Name, statistic, five})
	}
	return all
}

// ofQueues is the same metric of each of the queues.
func ofQueues(ids []string, name, statistic string) []Metric {
	var all []Metric
	for _, id := range ids {
		all = append(all, ofQueue(id, name, statistic))
	}
	return all
}
