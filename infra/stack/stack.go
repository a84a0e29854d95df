package stack

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
)

// Stack is the whole.
type Stack struct {
	awscdk.Stack
	config deployment.Config
	code   Code

	storage   *storage
	queues    *queues
	functions map[string]awslambda.Function
	api       *api
}

// Code returns the code of a function by its name.
type Code func(function string) awslambda.Code

// Zips is the code that scripts/build made.
func Zips(dir string) Code {
	return func(function string) awslambda.Code {
		return awslambda.Code_FromAsset(jsii.String(filepath.Join(dir, function+".zip")), nil)
	}
}

// CheckZips reports the zips of the configuration that are not there.
func CheckZips(c deployment.Config, dir string) error {
	for _, f := range c.Functions() {
		if _, err := os.Stat(filepath.Join(dir, f.Name+".zip")); err != nil {
			return fmt.Errorf("the zip of function %s is not in %s: run make build first", f.Name, dir)
		}
	}
	return nil
}

// New adds the stack to an app.
func New(scope constructs.Construct, c deployment.Config, code Code) *Stack {
	s := &Stack{
		Stack: awscdk.NewStack(scope, &c.Name, &awscdk.StackProps{
			StackName:   &c.Name,
			Description: jsii.String("Pyrocumulus: continuous profiling with no servers"),
			// The bootstrap version is checked by the CDK command as well.
			Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{GenerateBootstrapVersionRule: jsii.Bool(false)}),
		}),
		config: c, code: code, functions: make(map[string]awslambda.Function),
	}
	tags := awscdk.Tags_Of(s.Stack)
	tags.Add(jsii.String("application"), jsii.String("pyrocumulus"), nil)
	for _, name := range slices.Sorted(maps.Keys(c.Tags)) {
		tags.Add(&name, jsii.String(c.Tags[name]), nil)
	}
	s.storage = newStorage(s)
	s.queues = newQueues(s)
	s.addFunctions()
	s.api = newAPI(s)
	s.addSchedules()
	topic := s.addAlarms()
	s.addDashboard()
	s.addBudget(topic)
	s.addOutputs()
	return s
}

// named is a name of a resource that people see and cost and alarms go by.
func (s *Stack) named(suffix string) *string { return jsii.String(s.config.Name + "-" + suffix) }
