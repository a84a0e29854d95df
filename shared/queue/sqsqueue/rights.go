package sqsqueue

// Rights are the actions of IAM that each method needs, on the queue. Calls for
// many messages at once need the right to that for one.
func Rights() map[string][]string {
	return map[string][]string{
		"Send":    {"sqs:SendMessage"},
		"Receive": {"sqs:ReceiveMessage"},
		"Extend":  {"sqs:ChangeMessageVisibility"},
		"Delete":  {"sqs:DeleteMessage"},
		"Depth":   {"sqs:GetQueueAttributes"},
	}
}
