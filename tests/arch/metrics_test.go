package arch

import (
	"fmt"
	"go/ast"
	"strings"
)

// metricsFile lists all metrics.
const metricsFile = "shared/telemetry/metrics.go"

// uncountedMetrics finds metrics that no code adds to or records.
func uncountedMetrics(r *repository) []string {
	counted := make(map[string]bool)
	var names []string
	for _, s := range r.sources {
		if s.Path == metricsFile {
			names = metricNames(s)
		}
		if s.Test || !isBelow(s.Dir, "shared") {
			continue
		}
		ast.Inspect(s.syntax, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			metric, isName := call.Args[0].(*ast.SelectorExpr)
			if ok && isName && (method.Sel.Name == "Add" || method.Sel.Name == "Record") {
				counted[metric.Sel.Name] = true
			}
			return true
		})
	}
	var all []string
	for _, name := range names {
		if !counted[name] {
			all = append(all, fmt.Sprintf("%s: %s is never counted", metricsFile, name))
		}
	}
	return all
}

// metricNames are the constants that begin with Metric.
func metricNames(s *source) []string {
	var names []string
	ast.Inspect(s.syntax, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			for _, name := range spec.Names {
				if strings.HasPrefix(name.Name, "Metric") {
					names = append(names, name.Name)
				}
			}
		}
		return true
	})
	return names
}
