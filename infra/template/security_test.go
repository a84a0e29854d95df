package template_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/template"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

// golden calls f with each golden template.
func golden(t *testing.T, f func(*testing.T, *template.Template)) {
	files, err := filepath.Glob("../stack/testdata/*.json")
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			loaded, err := template.Load(file)
			require.NoError(t, err)
			f(t, loaded)
		})
	}
}

// each calls f with the properties of each resource of a type; there is one.
func each(t *testing.T, loaded *template.Template, kind string, f func(id string, r template.Resource)) {
	all := loaded.Of(kind)
	require.NotEmpty(t, all, kind)
	for id, r := range all {
		f(id, r)
	}
}

func TestBuckets(t *testing.T) {
	golden(t, func(t *testing.T, all *template.Template) {
		each(t, all, "AWS::S3::Bucket", func(id string, r template.Resource) {
			require.Equal(t, map[string]any{
				"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
			}, r.Properties["PublicAccessBlockConfiguration"], id)
			require.Contains(t, fmt.Sprint(r.Properties["BucketEncryption"]), "SSEAlgorithm", id)
			require.Equal(t, map[string]any{"Status": "Enabled"}, r.Properties["VersioningConfiguration"], id)
			require.Contains(t, fmt.Sprint(r.Properties["OwnershipControls"]), "BucketOwnerEnforced", id)
			require.Contains(t, fmt.Sprint(r.Properties["LifecycleConfiguration"]), "NoncurrentVersionExpiration", id)
			require.Equal(t, "Retain", r.DeletionPolicy, id)
			requireTLS(t, all, "AWS::S3::BucketPolicy", "Bucket", id)
		})
	})
}

func TestQueues(t *testing.T) {
	golden(t, func(t *testing.T, all *template.Template) {
		dead := 0
		each(t, all, "AWS::SQS::Queue", func(id string, r template.Resource) {
			require.Equal(t, true, r.Properties["SqsManagedSseEnabled"], id)
			require.Equal(t, true, r.Properties["FifoQueue"], id)
			requireTLS(t, all, "AWS::SQS::QueuePolicy", "Queues", id)
			redrive, ok := r.Properties["RedrivePolicy"].(map[string]any)
			if !ok {
				dead++
				return
			}
			require.Contains(t, all.Of("AWS::SQS::Queue"), template.Target(redrive["deadLetterTargetArn"]), id)
		})
		require.Equal(t, len(all.Of("AWS::SQS::Queue")), 2*dead, "each has one of dead letters")
	})
}

// requireTLS wants a policy of the resource that denies what comes without TLS.
func requireTLS(t *testing.T, all *template.Template, kind, property, id string) {
	t.Helper()
	for _, policy := range all.Of(kind) {
		of := template.Target(policy.Properties[property])
		if many, ok := policy.Properties[property].([]any); ok {
			of = template.Target(many[0])
		}
		for _, s := range template.Statements(policy.Properties["PolicyDocument"]) {
			if of == id && s.Effect == "Deny" && strings.Contains(fmt.Sprint(s.Condition), "aws:SecureTransport:false") {
				require.Contains(t, fmt.Sprint(s.Principal), "*")
				return
			}
		}
	}
	require.Fail(t, "no policy denies plain HTTP", id)
}

func TestTables(t *testing.T) {
	golden(t, func(t *testing.T, all *template.Template) {
		expiring := 0
		each(t, all, "AWS::DynamoDB::Table", func(id string, r template.Resource) {
			require.Equal(t, true, r.Properties["PointInTimeRecoverySpecification"].(map[string]any)["PointInTimeRecoveryEnabled"], id)
			require.Equal(t, true, r.Properties["DeletionProtectionEnabled"], id)
			require.Equal(t, "PAY_PER_REQUEST", r.Properties["BillingMode"], id)
			require.Equal(t, "Retain", r.DeletionPolicy, id)
			// Then it is encrypted by DynamoDB's own key, which cannot be turned off.
			require.NotContains(t, r.Properties, "SSESpecification", id)
			if ttl, ok := r.Properties["TimeToLiveSpecification"].(map[string]any); ok {
				require.Equal(t, true, ttl["Enabled"], id)
				expiring++
			}
		})
		require.Equal(t, 1, expiring, "records expire, the index does not")
	})
}

func TestFunctions(t *testing.T) {
	golden(t, func(t *testing.T, all *template.Template) {
		roles := make(map[string]bool)
		each(t, all, "AWS::Lambda::Function", func(id string, r template.Resource) {
			require.Equal(t, "provided.al2023", r.Properties["Runtime"], id)
			require.Equal(t, []any{"arm64"}, r.Properties["Architectures"], id)
			role := template.Target(r.Properties["Role"])
			require.False(t, roles[role], "%s shares its role with another function", id)
			roles[role] = true
			logs := template.Target(r.Properties["LoggingConfig"].(map[string]any)["LogGroup"])
			require.Contains(t, all.Of("AWS::Logs::LogGroup"), logs, id)
		})
		each(t, all, "AWS::Logs::LogGroup", func(id string, r template.Resource) {
			require.Positive(t, r.Properties["RetentionInDays"], id)
		})
	})
}

// Without being asked for there is no way in but the API; and whoever answers
// there, which no authorizer guards, checks tokens itself unless it was told not
// to.
func TestWaysIn(t *testing.T) {
	golden(t, func(t *testing.T, all *template.Template) {
		header := strings.HasPrefix(filepath.Base(t.Name()), "large")
		require.Equal(t, header, len(all.Of("AWS::Lambda::Url")) > 0, "only the large one asks for a function URL")
		each(t, all, "AWS::ApiGatewayV2::Integration", func(id string, r template.Resource) {
			function := all.Of("AWS::Lambda::Function")[template.Target(r.Properties["IntegrationUri"])]
			environment := function.Properties["Environment"].(map[string]any)["Variables"].(map[string]any)
			require.Equal(t, map[bool]string{false: "token", true: "header"}[header], environment[config.EnvAuth], id)
		})
		each(t, all, "AWS::ApiGatewayV2::Stage", func(id string, r template.Resource) {
			require.Positive(t, r.Properties["DefaultRouteSettings"].(map[string]any)["ThrottlingRateLimit"], id)
		})
		for id, r := range all.Of("AWS::Lambda::Permission") {
			if r.Properties["Principal"] != "*" {
				require.Contains(t, r.Properties, "SourceArn", "%s: any account's API could call it", id)
			}
		}
	})
}
