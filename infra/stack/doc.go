// Package stack is the CloudFormation stack in constructs of CDK, one a file:
// where things are kept (storage.go, queues.go), what runs (functions.go), what
// starts it (api.go, schedules.go), who may do what (policy.go), and who is told
// (alarms.go, dashboard.go, budget.go).
package stack
