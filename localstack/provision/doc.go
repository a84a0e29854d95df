// Package provision makes the resources that the functions need, in an emulator
// of AWS: the bucket, the tables, and the queue with its queue of dead letters.
// Tests and docker-compose.yml use it; an AWS account is provisioned by its own
// stack, from the same definitions: dynamoindex.Table, dynamorecords.Table,
// sqsqueue.Attributes.
package provision
