// Package sqsqueue is the adapter of queue for Amazon SQS FIFO queues.
//
// The queue must be a FIFO queue with
//
//	DeduplicationScope            messageGroup, as deduplication ids are those of a group
//	FifoThroughputLimit           perMessageGroupId, or it takes 300 calls a second
//	ReceiveMessageWaitTimeSeconds 0, as it applies to a Receive that is not to wait
//	MaximumMessageSize            1 MiB
//	MessageRetentionPeriod        4 days or more
//
// How the guarantees are met:
//
//   - Durability, order, deduplication and delivery are those of SQS.
//   - Bodies may hold any bytes, and SQS takes text: they travel as base64. A
//     body that is no base64 was not sent by this package and is delivered as
//     it is, for the receiver to judge: failing would block its group.
//   - Limits are checked before a call. Of a call that some entries of which are
//     bad the others are sent.
//   - SQS counts in seconds. Visibility timeouts are rounded up, so that no
//     message is received again too early; 0 at Receive becomes a second, as the
//     SDK cannot ask for none. Waiting is rounded down.
//   - Sequence numbers have up to 128 bits; they are filled up with zeros to
//     equal length.
//   - Handles: SQS refuses to delete or extend with an expired handle of a FIFO
//     queue, entry by entry, which is ErrHandle.
//
// SQS ends a message's flight 12 hours after it was received, whatever Extend
// asked for; it refuses an Extend that goes beyond, which is ErrBadEntry.
//
// The digest of a sent body that SQS answers with is not compared: of a
// deduplicated message it may be that of the first body, and the message would
// fail for as long as it is a duplicate. TLS guards the body on its way.
//
// The function that uses it needs sqs:SendMessage to send, and
// sqs:ReceiveMessage, sqs:ChangeMessageVisibility, sqs:DeleteMessage and
// sqs:GetQueueAttributes to receive.
package sqsqueue
