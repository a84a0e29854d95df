package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
)

// allow adds actions on resources to a role's own policy.
func allow(role awsiam.Role, resources []*string, actions ...string) {
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(actions...), Resources: &resources,
	}))
}

// The grants are what the parts of the contracts need that a function is put
// together from (shared/assembly), as the adapters' Rights say; a test of
// infra/template compares the two.

// readObjects includes the right to list: without it S3 answers 403 for an
// object that is not there, which readers have to tell from trouble.
func (s *Stack) readObjects(role awsiam.Role) {
	s.onObjects(role, "s3:GetObject")
	allow(role, []*string{s.storage.bucket.BucketArn()}, "s3:ListBucket")
}

func (s *Stack) onObjects(role awsiam.Role, actions ...string) {
	allow(role, []*string{s.storage.bucket.ArnForObjects(jsii.String("*"))}, actions...)
}

func (s *Stack) onIndex(role awsiam.Role, actions ...string) {
	allow(role, []*string{s.storage.index.TableArn()}, actions...)
}

func (s *Stack) onRecords(role awsiam.Role, actions ...string) {
	allow(role, []*string{s.storage.records.TableArn()}, actions...)
}

func grantIngest(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.onObjects(role, "s3:PutObject")
	s.onRecords(role, "dynamodb:GetItem", "dynamodb:UpdateItem") // limits and tokens; counters of the rate
	allow(role, arns(s.queues.profiles), "sqs:SendMessage")
}

func grantSegment(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.onObjects(role, "s3:PutObject", "s3:DeleteObject") // what messages pointed at is deleted
	s.onIndex(role, "dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
	allow(role, arns(s.queues.profiles), "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")
}

func grantCompactPlan(s *Stack, role awsiam.Role) {
	s.onIndex(role, "dynamodb:Query")
	s.onRecords(role, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
	allow(role, []*string{s.queues.jobs.AttrArn()}, "sqs:SendMessage")
}

func grantCompact(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.onObjects(role, "s3:PutObject")
	s.onIndex(role, "dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
	s.onRecords(role, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
	// Lambda receives for it, with its role.
	allow(role, []*string{s.queues.jobs.AttrArn()}, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")
}

func grantSweep(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.onObjects(role, "s3:DeleteObject")
	s.onIndex(role, "dynamodb:Query", "dynamodb:GetItem", "dynamodb:DeleteItem")
	s.onRecords(role, "dynamodb:Query") // what counts
}

func grantQuery(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.onObjects(role, "s3:PutObject") // files that people upload
	s.onIndex(role, "dynamodb:Query")
	s.onRecords(role, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
	allow(role, []*string{s.functions[deployment.QueryWorker].FunctionArn()}, "lambda:InvokeFunction")
}

// grantQueryWorker: large answers go by way of the bucket.
func grantQueryWorker(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.onObjects(role, "s3:PutObject")
}

// trusted reports whether anyone may name a tenant.
func (s *Stack) trusted() bool { return s.config.Auth == deployment.AuthHeader }
