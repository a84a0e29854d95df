package stack_test

import (
	"archive/zip"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/jsii-runtime-go"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/stack"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// synth returns the template of a configuration. The code is an empty zip, whose
// name in the template is the function's, so that it does not change with the
// code.
func synth(t *testing.T, c deployment.Config) map[string]any {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Create(filepath.Join(dir, "code.zip"))
	require.NoError(t, err)
	require.NoError(t, zip.NewWriter(file).Close())
	require.NoError(t, file.Close())
	var context map[string]any
	cdk, err := os.ReadFile("../../cdk.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(cdk, &context))
	flags := context["context"].(map[string]any)
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(filepath.Join(dir, "out")), Context: &flags, AnalyticsReporting: jsii.Bool(false)})
	s := stack.New(app, c, func(function string) awslambda.Code {
		return awslambda.Code_FromAsset(jsii.String(file.Name()), &awss3assets.AssetOptions{
			AssetHash: jsii.String(function), AssetHashType: awscdk.AssetHashType_CUSTOM,
		})
	})
	return *assertions.Template_FromStack(s.Stack, nil).ToJSON()
}

func configs() map[string]deployment.Config {
	small, large := deployment.Default(), deployment.Default()
	large.Size, large.Auth, large.FunctionURL, large.AccessLogs = deployment.Sizes()["large"], deployment.AuthHeader, true, true
	large.Storage = deployment.Storage{
		RetentionDays: 730, InfrequentDays: 30, InstantDays: 90, ArchiveDays: 365, ReplicaBucketARN: "arn:aws:s3:::elsewhere",
	}
	large.Alarms = deployment.Alarms{Email: "oncall@example.com", BudgetUSD: 500}
	large.Settings = map[string]string{"PYROCUMULUS_LOG_LEVEL": "warn"}
	large.Tags = map[string]string{"team": "platform"}
	return map[string]deployment.Config{"small": small, "large": large}
}

// The golden template is what a reviewer of a change looks at.
func TestTemplates(t *testing.T) {
	for name, c := range configs() {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(synth(t, c), "", " ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", name+".json")
			if *update {
				require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got))
		})
	}
}
