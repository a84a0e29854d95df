package deploy

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
)

// document is a template that is changed.
type document struct {
	All       map[string]any
	Resources map[string]any
}

// change is a difference between what is deployed to AWS and what is deployed
// here.
type change struct {
	why   string
	apply func(*document) (times int)
}

// changes are all of them. Each must find something to change, or it is not
// needed any more.
func changes() []change {
	return []change{
		{"MiniStack takes messages of 256 KiB at most", func(d *document) int {
			return d.each("AWS::SQS::Queue", func(p map[string]any) { p["MaximumMessageSize"] = 262144 })
		}},
	}
}

// each changes the properties of the resources of a type.
func (d *document) each(kind string, f func(properties map[string]any)) (times int) {
	for _, r := range d.Resources {
		if m := r.(map[string]any); m["Type"] == kind {
			f(m["Properties"].(map[string]any))
			times++
		}
	}
	return times
}

// load reads the golden template of the small deployment and changes it.
func load(t testing.TB) *document {
	text, err := os.ReadFile("../../infra/stack/testdata/small.json")
	require.NoError(t, err)
	d := new(document)
	require.NoError(t, json.Unmarshal(text, &d.All))
	d.Resources = d.All["Resources"].(map[string]any)
	for _, c := range changes() {
		require.Positive(t, c.apply(d), "nothing to change: %s", c.why)
	}
	return d
}

// code is where the template expects the zip of each function in the bucket of
// assets.
func (d *document) code(t testing.TB) map[string]string {
	keys := make(map[string]string)
	d.each("AWS::Lambda::Function", func(p map[string]any) {
		name := strings.TrimPrefix(p["FunctionName"].(string), deployment.Default().Name+"-")
		keys[name] = p["Code"].(map[string]any)["S3Key"].(string)
	})
	require.NotEmpty(t, keys)
	return keys
}

// TestNothingIsTakenOut wants every resource of the template deployed.
func TestNothingIsTakenOut(t *testing.T) {
	text, err := os.ReadFile("../../infra/stack/testdata/small.json")
	require.NoError(t, err)
	var whole struct{ Resources map[string]any }
	require.NoError(t, json.Unmarshal(text, &whole))
	require.Len(t, load(t).Resources, len(whole.Resources))
}
