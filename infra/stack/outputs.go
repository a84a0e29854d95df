package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// addOutputs prints what the user needs next, ready to be pasted.
func (s *Stack) addOutputs() {
	endpoint := *s.api.http.ApiEndpoint()
	auth, curl := "    basic_auth {\n      username = \"TENANT\"\n      password = \"TOKEN\"\n    }\n", "-u TENANT:TOKEN"
	grafana := "basicAuth: true\n    basicAuthUser: TENANT\n    secureJsonData:\n      basicAuthPassword: TOKEN"
	if s.trusted() {
		auth, curl = "    headers = { \"X-Scope-OrgID\" = \"TENANT\" }\n", "-H 'X-Scope-OrgID: TENANT'"
		grafana = "jsonData:\n      httpHeaderName1: X-Scope-OrgID\n    secureJsonData:\n      httpHeaderValue1: TENANT"
	}
	s.output("Endpoint", endpoint, "where clients push and Grafana asks")
	s.output("Alloy", "pyroscope.write \"pyrocumulus\" {\n  endpoint {\n    url = \""+endpoint+"\"\n"+auth+"  }\n}\n", "for config.alloy")
	s.output("Grafana", "apiVersion: 1\ndatasources:\n  - name: Pyrocumulus\n    type: grafana-pyroscope-datasource\n    url: "+endpoint+"\n    "+grafana+"\n",
		"for provisioning/datasources/pyrocumulus.yaml")
	s.output("Curl", fmt.Sprintf("curl %s --data-binary @cpu.pprof '%s/ingest?format=pprof&name=my-app'", curl, endpoint), "pushes a profile")
	if !s.trusted() {
		s.output("Token", "go run ./scripts/pyrocumulus tokens create -table "+*s.storage.records.TableName()+" TENANT", "prints a token of a tenant")
	}
	if s.api.functionURL != nil {
		s.output("PushURL", *s.api.functionURL.Url(), "where clients may push without the price of the API")
	}
	s.output("BucketName", *s.storage.bucket.BucketName(), "all objects")
	s.output("IndexTable", *s.storage.index.TableName(), "the block index")
	s.output("RecordsTable", *s.storage.records.TableName(), "tokens, limits, settings")
	for i, q := range s.queues.profiles {
		s.output("QueueURL"+monitoring.Suffix(i), *q.Ref(), "profiles that wait; for pyrocumulus redrive, which finds its dead letters")
	}
}

func (s *Stack) output(id, value, description string) {
	awscdk.NewCfnOutput(s.Stack, jsii.String(id+"Output"), &awscdk.CfnOutputProps{
		Key: &id, Value: &value, Description: &description,
	})
}
