package template_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/template"
	"github.com/pyrocumulus/pyrocumulus/shared/assembly"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex/dynamoindex"
	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/s3store"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/lambdabackend"
	"github.com/pyrocumulus/pyrocumulus/shared/queue/sqsqueue"
	"github.com/pyrocumulus/pyrocumulus/shared/records/dynamorecords"
)

// No policy allows everything on something, or something on everything; objects
// are all objects of one bucket.
func TestNoWildcards(t *testing.T) {
	golden(t, func(t *testing.T, all *template.Template) {
		for role := range all.Of("AWS::IAM::Role") {
			require.NotContains(t, all.Resources[role].Properties, "ManagedPolicyArns", role)
			statements := all.RolePolicies(role)
			require.NotEmpty(t, statements, role)
			for _, s := range statements {
				require.False(t, s.NotAction || s.NotRes, role)
				for _, a := range s.Actions {
					require.NotContains(t, a, "*", role)
				}
				for _, r := range s.Resources {
					require.NotEqual(t, "*", r, role)
					text := fmt.Sprint(r)
					require.True(t, !strings.Contains(text, "*") || isObjects(all, r), "%s: %s", role, text)
				}
			}
		}
	})
}

// isObjects reports whether a resource is the objects of a bucket.
func isObjects(all *template.Template, r any) bool {
	if text, ok := r.(string); ok { // the bucket that is replicated to
		return strings.HasPrefix(text, "arn:aws:s3:::") && strings.Count(text, "*") == 1 && strings.HasSuffix(text, "/*")
	}
	return all.Resources[template.Target(r)].Type == "AWS::S3::Bucket" && strings.HasSuffix(fmt.Sprint(r), "/*]]]")
}

// parts are what a function is put together from: the parameters of its
// constructor in shared/assembly, or the fields of one of them.
func parts(assemble any) []reflect.Type {
	var all []reflect.Type
	f := reflect.TypeOf(assemble)
	for i := range f.NumIn() {
		switch in := f.In(i); {
		case in.Kind() == reflect.Interface:
			all = append(all, in)
		case in.Kind() == reflect.Slice && in.Elem().Kind() == reflect.Interface:
			all = append(all, in.Elem())
		case in == reflect.TypeFor[assembly.QueryParts]():
			for j := range in.NumField() {
				if field := in.Field(j).Type; field.Kind() == reflect.Interface { // others are of the process
					all = append(all, field)
				}
			}
		}
	}
	return all
}

// adapters are which AWS resource stands behind what, and with which rights.
var adapters = []struct {
	adapter  reflect.Type
	rights   map[string][]string
	resource []string // variables that name it
}{
	{reflect.TypeFor[*s3store.Store](), s3store.Rights(), []string{config.EnvBucket}},
	{reflect.TypeFor[*s3store.Presigner](), s3store.Rights(), []string{config.EnvBucket}},
	{reflect.TypeFor[*dynamoindex.Index](), dynamoindex.Rights(), []string{config.EnvTable}},
	{reflect.TypeFor[*dynamorecords.Store](), dynamorecords.Rights(), []string{config.EnvRecords}},
	{reflect.TypeFor[*sqsqueue.Queue](), sqsqueue.Rights(), []string{config.EnvQueueURL, config.EnvJobsURL}},
	{reflect.TypeFor[*lambdabackend.Backend](), lambdabackend.Rights(), []string{config.EnvWorker}},
}

// derived is what a function may do: variable of a resource and action.
func derived(t *testing.T, f deployment.Deployed, assemble any) []string {
	var all []string
	for _, part := range parts(assemble) {
		found := 0
		for _, a := range adapters {
			if !a.adapter.Implements(part) {
				continue
			}
			for _, variable := range a.resource {
				if !slices.Contains(f.Resources, variable) {
					continue
				}
				found++
				for i := range part.NumMethod() {
					for _, action := range a.rights[part.Method(i).Name] {
						all = append(all, variable+" "+action)
					}
				}
			}
		}
		require.Equal(t, 1, found, "adapters of %s for %s", f.Name, part)
	}
	return all
}

// What a role may do is exactly what the parts need that its function is put
// together from, and what Lambda does in its name: no less, no more.
func TestRolesFollowFromTheCode(t *testing.T) {
	assembled := map[string]any{
		deployment.Ingest: assembly.Ingest, deployment.Segment: assembly.Segment, deployment.CompactPlan: assembly.CompactPlan,
		deployment.Compact: assembly.Compact, deployment.Sweep: assembly.Sweep, deployment.Query: assembly.Query,
		deployment.QueryWorker: assembly.QueryWorker,
	}
	platform := map[string][]string{deployment.Compact: { // the mapping of the queue to the function
		config.EnvJobsURL + " sqs:ReceiveMessage", config.EnvJobsURL + " sqs:DeleteMessage", config.EnvJobsURL + " sqs:GetQueueAttributes",
	}}
	c := deployment.Default()
	golden(t, func(t *testing.T, all *template.Template) {
		for _, f := range c.Functions() {
			assemble, ok := assembled[f.Name]
			if !ok {
				continue
			}
			id, r := functionOf(t, all, f.Name)
			want := append(derived(t, f, assemble), platform[f.Name]...)
			want = append(want, "logs logs:CreateLogStream", "logs logs:PutLogEvents")
			slices.Sort(want)
			require.Equal(t, slices.Compact(want), granted(t, all, r), id)
		}
	})
}

// functionOf finds a function by its name.
func functionOf(t *testing.T, all *template.Template, name string) (string, template.Resource) {
	for id, r := range all.Of("AWS::Lambda::Function") {
		if r.Properties["FunctionName"] == deployment.Default().Name+"-"+name {
			return id, r
		}
	}
	require.Fail(t, "no function", name)
	return "", template.Resource{}
}

// granted is what the role of a function may do, in the form of derived.
func granted(t *testing.T, all *template.Template, function template.Resource) []string {
	variables := map[string]string{"logs": "logs"} // by logical id of the resource
	environment := function.Properties["Environment"].(map[string]any)["Variables"].(map[string]any)
	for name, value := range environment {
		m, _ := value.(map[string]any)
		if join, ok := m["Fn::Join"]; ok { // several queues
			for _, part := range join.([]any)[1].([]any) {
				variables[template.Target(part)] = name
			}
		}
		if id := template.Target(value); id != "" {
			variables[id] = name
		}
	}
	var got []string
	for _, s := range all.RolePolicies(template.Target(function.Properties["Role"])) {
		require.Equal(t, "Allow", s.Effect)
		for _, r := range s.Resources {
			id := template.Target(r)
			variable := variables[id]
			if all.Resources[id].Type == "AWS::Logs::LogGroup" {
				variable = "logs"
			}
			require.NotEmpty(t, variable, "the function is not told of %s", id)
			for _, a := range s.Actions {
				got = append(got, variable+" "+a)
			}
		}
	}
	slices.Sort(got)
	return slices.Compact(got)
}
