// Command infra is the CDK app: it synthesises the CloudFormation template of
// the stack from the context. `make deploy` runs it by way of cdk.json.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/stack"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	config, err := deployment.FromContext(func(key string) any { return app.Node().TryGetContext(&key) })
	if err == nil {
		err = stack.CheckZips(config, ".build")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\n\nkeys of the context (-c key=value):\n%s", err, deployment.Describe())
		jsii.Close()
		os.Exit(1)
	}
	stack.New(app, config, stack.Zips(".build"))
	app.Synth(nil)
}
