package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
)

func TestLoadResources(t *testing.T) {
	env := map[string]string{config.EnvBucket: "b", config.EnvTable: " t ", config.EnvRecords: "r", config.EnvJobsURL: "j"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	r, err := config.LoadResources(lookup, config.EnvBucket, config.EnvTable, config.EnvRecords, config.EnvJobsURL)
	require.NoError(t, err)
	require.Equal(t, config.Resources{Bucket: "b", Table: "t", RecordsTable: "r", JobsURL: "j"}, r)

	require.Equal(t, []string{"a", "b"}, config.Resources{QueueURL: " a, b,"}.QueueURLs())
	require.Equal(t, []string{"a"}, config.Resources{QueueURL: "a"}.QueueURLs())

	delete(env, config.EnvTable)
	_, err = config.LoadResources(lookup, config.EnvBucket, config.EnvTable, config.EnvQueueURL)
	require.ErrorContains(t, err, config.EnvTable)
	require.ErrorContains(t, err, config.EnvQueueURL)
	require.NotContains(t, err.Error(), config.EnvBucket)
}
