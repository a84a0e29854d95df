package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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

// tellCounts prints how much is on both queues, as SQS says, which is about so.
func tellCounts(ctx context.Context, client *sqs.Client, out io.Writer, queueURL, lettersURL string) error {
	for _, one := range []struct{ what, url string }{{"queue", queueURL}, {"dead letters", lettersURL}} {
		a, err := attributesOf(ctx, client, one.url)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-12s  about %s waiting, %s in flight  %s\n", one.what,
			a[string(types.QueueAttributeNameApproximateNumberOfMessages)],
			a[string(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible)], one.url)
	}
	return nil
}
