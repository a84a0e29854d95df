// Package template reads CloudFormation templates, as plain JSON and without
// CDK: the golden ones of package stack, which a test there keeps current. The
// tests of this package say what every template must have to be safe.
package template

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Template is a CloudFormation template.
type Template struct {
	Resources map[string]Resource
	Outputs   map[string]any
}

// Resource is one of its resources.
type Resource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
	DependsOn      any
}

// Load reads a template from a file.
func Load(file string) (*Template, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	t := new(Template)
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("decode template %s: %w", file, err)
	}
	return t, nil
}

// Of returns the resources of a type, by logical id.
func (t *Template) Of(kind string) map[string]Resource {
	found := make(map[string]Resource)
	for id, r := range t.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// Statement is one of a policy.
type Statement struct {
	Effect            string
	Actions           []string
	Resources         []any // strings, and objects like {"Fn::GetAtt": ["Id", "Arn"]}
	Principal         any
	Condition         map[string]any
	NotAction, NotRes bool // it has the negative form of them
}

// Statements reads a policy document.
func Statements(document any) []Statement {
	var all []Statement
	m, _ := document.(map[string]any)
	for _, raw := range list(m["Statement"]) {
		s, _ := raw.(map[string]any)
		one := Statement{Principal: s["Principal"], Resources: list(s["Resource"])}
		one.Effect, _ = s["Effect"].(string)
		one.Condition, _ = s["Condition"].(map[string]any)
		_, one.NotAction = s["NotAction"]
		_, one.NotRes = s["NotResource"]
		for _, a := range list(s["Action"]) {
			one.Actions = append(one.Actions, fmt.Sprint(a))
		}
		all = append(all, one)
	}
	return all
}

// list is a value that may stand alone or in an array.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// RolePolicies returns the statements that are attached to a role.
func (t *Template) RolePolicies(role string) []Statement {
	var all []Statement
	for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"} {
		for _, p := range t.Of(kind) {
			if slices.ContainsFunc(list(p.Properties["Roles"]), func(r any) bool { return Target(r) == role }) {
				all = append(all, Statements(p.Properties["PolicyDocument"])...)
			}
		}
	}
	for _, inline := range list(t.Resources[role].Properties["Policies"]) {
		if m, ok := inline.(map[string]any); ok {
			all = append(all, Statements(m["PolicyDocument"])...)
		}
	}
	return all
}

// Target is the logical id that a reference leads to: {"Ref": id},
// {"Fn::GetAtt": [id, …]}, or the first of these in a {"Fn::Join": …}; "" if it
// leads nowhere.
func Target(v any) string {
	m, _ := v.(map[string]any)
	if id, ok := m["Ref"].(string); ok {
		return id
	}
	if parts := list(m["Fn::GetAtt"]); len(parts) > 0 {
		id, _ := parts[0].(string)
		return id
	}
	if join := list(m["Fn::Join"]); len(join) == 2 {
		for _, part := range list(join[1]) {
			if id := Target(part); id != "" && !strings.HasPrefix(id, "AWS::") {
				return id
			}
		}
	}
	return ""
}
