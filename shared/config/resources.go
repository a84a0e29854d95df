package config

import (
	"errors"
	"fmt"
	"strings"
)

// Names of the variables that say which AWS resources a function works with.
// The deployment sets them; they have no defaults.
const (
	EnvBucket   = "PYROCUMULUS_BUCKET"        // name of the S3 bucket of all objects
	EnvTable    = "PYROCUMULUS_TABLE"         // name of the DynamoDB table of the block index
	EnvRecords  = "PYROCUMULUS_RECORDS_TABLE" // name of the DynamoDB table of the record store
	EnvQueueURL = "PYROCUMULUS_QUEUE_URL"     // URL of the SQS FIFO queue of pushed profiles, or several with commas between them
	EnvWorker   = "PYROCUMULUS_QUERY_WORKER"  // name or ARN of the Lambda function query-worker
	EnvJobsURL  = "PYROCUMULUS_JOBS_URL"      // URL of the SQS FIFO queue of compaction jobs
)

// Resources are the AWS resources of a function.
type Resources struct{ Bucket, Table, RecordsTable, QueueURL, JobsURL, Worker string }

// QueueURLs are the queues by number. The order matters: profiles of a service go
// to the queue of a number, and schedules name drainers' queues by it.
func (r Resources) QueueURLs() []string {
	var urls []string
	for url := range strings.SplitSeq(r.QueueURL, ",") {
		if url = strings.TrimSpace(url); url != "" {
			urls = append(urls, url)
		}
	}
	return urls
}

// LoadResources reads the variables of the given names. The error names every
// one that is not set.
func LoadResources(lookup Lookup, names ...string) (Resources, error) {
	var r Resources
	var errs []error
	for _, name := range names {
		v, _ := lookup(name)
		if v = strings.TrimSpace(v); v == "" {
			errs = append(errs, fmt.Errorf("%s is not set: the deployment must name the resource", name))
		}
		switch name {
		case EnvBucket:
			r.Bucket = v
		case EnvTable:
			r.Table = v
		case EnvRecords:
			r.RecordsTable = v
		case EnvQueueURL:
			r.QueueURL = v
		case EnvWorker:
			r.Worker = v
		case EnvJobsURL:
			r.JobsURL = v
		default:
			errs = append(errs, fmt.Errorf("BUG: %s names no resource", name))
		}
	}
	return r, errors.Join(errs...)
}
