package ingest

import (
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// kinds tells, by what the name of a sample type contains, the __name__ of
// profiles that have such a type.
var kinds = []struct{ contains, name string }{
	{"cpu", "process_cpu"},
	{"alloc_", "memory"},
	{"inuse_", "memory"},
	{"space", "memory"},
	{"objects", "memory"},
	{"mutex_", "mutex"},
	{"block_", "block"},
	{"goroutines", "goroutines"},
}

// displayName is how sample types are named if the client does not say.
func displayName(sampleType string) string {
	switch sampleType {
	case "samples":
		return "cpu"
	case "goroutine":
		return "goroutines"
	case "contentions":
		return "mutex_count"
	case "delay":
		return "mutex_duration"
	}
	return sampleType
}

// kindOf returns the __name__ of a pprof that came through /ingest, where
// clients do not give one: it follows from the sample types and how the client
// wants them to be named. The sample types themselves stay as they are.
func kindOf(types []profile.ValueType, config map[string]sampleTypeConfig) string {
	for _, t := range types {
		if t.Type == "wall" {
			return t.Type
		}
	}
	name := ""
	for _, t := range types {
		name = t.Type
		if config == nil {
			name = displayName(t.Type)
		} else if c := config[t.Type]; c.DisplayName != "" {
			name = c.DisplayName
		}
		for _, k := range kinds {
			if strings.Contains(name, k.contains) {
				return k.name
			}
		}
	}
	return name
}
