package deployment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
)

func from(m map[string]any) (deployment.Config, error) {
	return deployment.FromContext(func(key string) any { return m[key] })
}

func TestNothingSaid(t *testing.T) {
	c, err := from(nil)
	require.NoError(t, err)
	require.Equal(t, deployment.Default(), c)
	require.Equal(t, deployment.AuthToken, c.Auth)
	require.Zero(t, c.Size.Ingest.Reserved, "new accounts have too little concurrency to reserve any")
}

// Values come from cdk.json with types, and from the command line as strings.
func TestValues(t *testing.T) {
	want := deployment.Default()
	want.Name, want.Size, want.Auth = "prof", deployment.Sizes()["large"], deployment.AuthHeader
	want.Storage = deployment.Storage{RetentionDays: 90, InfrequentDays: 30, Destroy: true}
	want.ThrottleRate = 50.5
	want.Settings = map[string]string{"PYROCUMULUS_LOG_LEVEL": "warn"}
	for name, values := range map[string]map[string]any{
		"cdk.json": {"name": "prof", "size": "large", "auth": "header", "retentionDays": float64(90), "infrequentDays": float64(30), "destroy": true,
			"throttleRate": 50.5, "settings": map[string]any{"PYROCUMULUS_LOG_LEVEL": "warn"}},
		"command line": {"name": "prof", "size": "large", "auth": "header", "retentionDays": "90", "infrequentDays": "30", "destroy": "true",
			"throttleRate": "50.5", "settings": `{"PYROCUMULUS_LOG_LEVEL":"warn"}`},
	} {
		got, err := from(values)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := from(map[string]any{
		"name": "Prof!", "size": "huge", "auth": "none", "retentionDays": "-1", "destroy": "yes", "throttleRate": "fast",
		"logDays": 2, "alarmEmail": "me", "settings": map[string]any{"LOG": "x"}, "tags": "no", "replicaBucketArn": "bucket",
		"infrequentDays": 90, "instantDays": 30,
	})
	for _, want := range []string{
		`context name is "Prof!": want 1 to 24 of a-z`, `context size is "huge": want small, medium or large`,
		`context auth is "none": want token or header`, `context retentionDays is "-1": want a whole number from 0 to 3650`,
		`context destroy is "yes": want true or false`, `context throttleRate is "fast": want a number`,
		`context logDays is "2": want one of [1 3 5`, `context alarmEmail is "me": want an e-mail address`,
		`"LOG" does not begin with PYROCUMULUS_`, `context tags is "no": want an object`, `want the ARN of a bucket`,
		`context instantDays is 30: want more than infrequentDays (90)`,
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestKeysAreDescribed(t *testing.T) {
	require.Contains(t, deployment.Describe(), "retentionDays     days that profiles are kept, 0 for ever (default: 31)\n")
}
