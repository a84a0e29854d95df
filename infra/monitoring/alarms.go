package monitoring

import (
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/shared/telemetry"
)

// Alarm is a metric that should not be above a limit for some periods.
type Alarm struct {
	ID, Meaning string
	Metric      Metric
	Above       float64
	Periods     int // of those that count, all
}

// Names of metrics of SQS, which mean the same wherever they are used.
const (
	oldest  = "ApproximateAgeOfOldestMessage"
	visible = "ApproximateNumberOfMessagesVisible"
)

// Alarms are those of a configuration. infra/README.md says what to do.
func Alarms(c deployment.Config) []Alarm {
	var table []Alarm
	for i, queue := range ProfileQueues(c) {
		n := Suffix(i)
		table = append(table,
			Alarm{"OldestProfile" + n, "Pushed profiles wait for minutes: drainers fail or are too few.",
				ofQueue(queue, oldest, "Maximum"), 180, 3},
			Alarm{"DeadProfiles" + n, "Messages of profiles crashed their drainer over and over: look at them, then pyrocumulus redrive.",
				ofQueue(queue+DeadLetters, visible, "Maximum"), 0, 1})
	}
	table = append(table,
		Alarm{"OldestJob", "Merging lags: compact fails or is too slow; queries get dearer.", ofQueue(QueueJobs, oldest, "Maximum"), 3600, 3},
		Alarm{"DeadJobs", "Jobs of merging were given up.", ofQueue(QueueJobs+DeadLetters, visible, "Maximum"), 0, 1},
		Alarm{"ParkedJobs", "A job of merging failed so often that it was set aside; its blocks stay unmerged.",
			own(deployment.Compact, telemetry.MetricJobsParked, "Sum"), 0, 1},
		Alarm{"PoisonedProfiles", "Messages that cannot be read were stored under poison/.",
			own(deployment.Segment, telemetry.MetricMessagesPoisoned, "Sum"), 0, 1},
		Alarm{"ServerErrors", "The API answers with 5xx.", ofAPI("5xx", "Sum"), 10, 3},
		Alarm{"SlowAnswers", "One of a hundred answers takes more than 20 s.", ofAPI("Latency", "p99"), 20000, 3},
	)
	for _, f := range c.Functions() {
		id := Identifier(f.Name)
		table = append(table,
			Alarm{id + "Errors", fmt.Sprintf("Function %s fails.", f.Name), Metric{Lambda, "Errors", f.Name, "Sum", five}, 3, 2},
			Alarm{id + "Throttles", fmt.Sprintf("Function %s is throttled: more concurrency is needed.", f.Name), Metric{Lambda, "Throttles", f.Name, "Sum", five}, 10, 2})
	}
	return table
}

// Suffix is the end of the id of the i-th of several: nothing, 2, 3.
func Suffix(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprint(i + 1)
}

// Identifier is the name of a function as a construct's: CompactPlan.
func Identifier(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return b.String()
}
