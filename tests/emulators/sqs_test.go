package emulators

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/provision"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/queuetest"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
)

func TestQueue(t *testing.T) {
	onEach(t, func(t *testing.T, e emulator, cfg aws.Config) {
		// Servers that close idle connections after some seconds lose, now and
		// then, the answer to what has just arrived on one; and what a lost answer
		// held is hidden for as long as its receiver wanted.
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) { tr.DisableKeepAlives = true })
		client := sqs.NewFromConfig(cfg)
		run, n := time.Now().UnixNano(), atomic.Int64{}
		queuetest.Run(t, func(t *testing.T) queuetest.Harness {
			names := provision.NamesFor(fmt.Sprintf("test-%d-%d", run, n.Add(1)))
			url, _, err := provision.Queues(t.Context(), client, names, e.options)
			require.NoError(t, err)
			return queuetest.Harness{Queue: sqsqueue.New(client, url)}
		})
	}, miniStack(), localStack())
}
