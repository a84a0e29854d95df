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

// The grants follow the contracts: what a function gets of an adapter is what
// the methods of the contract that it uses call.

// readObjects: without the right to list, S3 answers 403 for an object that is
// not there, which readers have to tell from trouble.
func (s *Stack) readObjects(role awsiam.Role) {
	allow(role, []*string{s.objects()}, "s3:GetObject")
	allow(role, []*string{s.storage.bucket.BucketArn()}, "s3:ListBucket")
}

func (s *Stack) writeObjects(role awsiam.Role) { allow(role, []*string{s.objects()}, "s3:PutObject") }

func (s *Stack) deleteObjects(role awsiam.Role) {
	allow(role, []*string{s.objects()}, "s3:DeleteObject")
}

func (s *Stack) objects() *string { return s.storage.bucket.ArnForObjects(jsii.String("*")) }

func (s *Stack) readIndex(role awsiam.Role) {
	allow(role, []*string{s.storage.index.TableArn()}, "dynamodb:GetItem", "dynamodb:Query")
}

func (s *Stack) insertRows(role awsiam.Role) {
	allow(role, []*string{s.storage.index.TableArn()}, "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem")
}

func (s *Stack) deleteRows(role awsiam.Role) {
	allow(role, []*string{s.storage.index.TableArn()}, "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
}

func (s *Stack) readRecords(role awsiam.Role) {
	allow(role, []*string{s.storage.records.TableArn()}, "dynamodb:GetItem", "dynamodb:Query")
}

func (s *Stack) writeRecords(role awsiam.Role) {
	allow(role, []*string{s.storage.records.TableArn()}, "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem")
}

func grantIngest(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.writeObjects(role)
	s.readRecords(role)
	s.writeRecords(role) // counters of the rate limit
	allow(role, arns(s.queues.profiles), "sqs:SendMessage")
}

func grantSegment(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.writeObjects(role)
	s.deleteObjects(role) // of claims that are stored
	s.readIndex(role)
	s.insertRows(role)
	allow(role, arns(s.queues.profiles), "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")
}

func grantCompactPlan(s *Stack, role awsiam.Role) {
	s.readIndex(role)
	s.readRecords(role)
	s.writeRecords(role)
	allow(role, []*string{s.queues.jobs.AttrArn()}, "sqs:SendMessage")
}

func grantCompact(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.writeObjects(role)
	s.readIndex(role)
	s.insertRows(role)
	s.readRecords(role)
	s.writeRecords(role)
	allow(role, []*string{s.queues.jobs.AttrArn()}, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes")
}

func grantSweep(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.deleteObjects(role)
	s.readIndex(role)
	s.deleteRows(role)
	s.readRecords(role)
}

func grantQuery(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.writeObjects(role) // files that people upload
	s.readIndex(role)
	s.readRecords(role)
	s.writeRecords(role)
	allow(role, []*string{s.functions[fnQueryWorker].FunctionArn()}, "lambda:InvokeFunction")
}

// grantQueryWorker: large answers go by way of the bucket.
func grantQueryWorker(s *Stack, role awsiam.Role) {
	s.readObjects(role)
	s.writeObjects(role)
}

func grantAuthorizer(s *Stack, role awsiam.Role) { s.readRecords(role) }

// trusted reports whether anyone may name a tenant.
func (s *Stack) trusted() bool { return s.config.Auth == deployment.AuthHeader }
