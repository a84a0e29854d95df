package runtimeapi

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
)

// goMemoryShare is how much of a function's memory Go's heap and stacks may
// take, in percent, before the collector does all it can. What is left is for
// the binary's own pages and for what the collector cannot keep up with.
const goMemoryShare = 90

// variables are the environment variables of a new environment, in the form
// of package os: those that Lambda sets for a provided.al2023 function,
// GOMEMLIMIT, and the function's own, which go before them.
func (f Function) variables(address, logStream string) []string {
	task := filepath.Dir(f.Bootstrap)
	all := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          address,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMiB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      logStream,
		"AWS_REGION":                      f.region(),
		"AWS_DEFAULT_REGION":              f.region(),
		"AWS_ACCESS_KEY_ID":               "local",
		"AWS_SECRET_ACCESS_KEY":           "local",
		"GOMEMLIMIT":                      strconv.Itoa(f.MemoryMiB*goMemoryShare/100) + "MiB",
		"LAMBDA_TASK_ROOT":                task,
		"LAMBDA_RUNTIME_DIR":              task,
		"_HANDLER":                        "bootstrap",
		"LANG":                            "en_US.UTF-8",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin",
		"TZ":                              ":UTC",
	}
	maps.Copy(all, f.Variables)
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}
