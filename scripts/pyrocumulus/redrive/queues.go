package redrive

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// deadLettersOf asks a queue where its dead letters go and returns the URL.
func deadLettersOf(ctx context.Context, client *sqs.Client, url string) (string, error) {
	attributes, err := attributesOf(ctx, client, url)
	if err != nil {
		return "", err
	}
	text := attributes[string(types.QueueAttributeNameRedrivePolicy)]
	if text == "" {
		return "", fmt.Errorf("queue %s has no queue of dead letters", url)
	}
	var policy struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return "", fmt.Errorf("read the redrive policy of queue %s: %w", url, err)
	}
	arn := strings.Split(policy.Target, ":") // arn:aws:sqs:region:account:name
	if len(arn) != 6 {
		return "", fmt.Errorf("the dead letters of queue %s go to %q, which is no ARN of a queue", url, policy.Target)
	}
	out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &arn[5], QueueOwnerAWSAccountId: &arn[4]})
	if err != nil {
		return "", fmt.Errorf("find queue %s: %w", policy.Target, err)
	}
	return aws.ToString(out.QueueUrl), nil
}

func attributesOf(ctx context.Context, client *sqs.Client, url string) (map[string]string, error) {
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes of queue %s: %w", url, err)
	}
	return out.Attributes, nil
}

// waiting is how much is on a queue, as SQS says, which is about so.
type waiting struct {
	URL      string `json:"url"`
	Waiting  int    `json:"waiting"`
	InFlight int    `json:"inFlight"`
}

func countOf(ctx context.Context, client *sqs.Client, url string) (waiting, error) {
	a, err := attributesOf(ctx, client, url)
	if err != nil {
		return waiting{}, err
	}
	number := func(name types.QueueAttributeName) int {
		n, _ := strconv.Atoi(a[string(name)]) // SQS always says it
		return n
	}
	return waiting{
		url, number(types.QueueAttributeNameApproximateNumberOfMessages),
		number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
	}, nil
}

func (w waiting) print(out io.Writer, what string) {
	fmt.Fprintf(out, "%-12s  about %d waiting, %d in flight  %s\n", what, w.Waiting, w.InFlight, w.URL)
}
