package arch

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strconv"
	"strings"
)

// rule is one sentence about the code and why it holds.
type rule struct {
	name  string
	why   string
	check func(*repository) []string // one message for each violation
}

func rules() []rule {
	return []rule{
		{"imports point downwards", "shared/ is what everything else is built from; " +
			"if it imported functions/, infra/, localstack/, scripts/ or tests/, no part could be understood alone", upwardImports},
		{"AWS stays at the edge", "only adapters and hosts speak to AWS, so that everything else runs and is tested without it, " +
			"and a function links only the clients it uses", awsImports},
		{"formats and contracts stand alone", "a contract that imports domain code, or a format that imports a store, " +
			"cannot be implemented or read by anyone else", allowedImports},
		{"adapters know only their contract", "an adapter translates; one that knows more decides something, " +
			"and the other adapter will decide otherwise", adapterImports},
		{"use cases do not name adapters", "mains join use cases and adapters; " +
			"a use case that picks its own store can run in one place only", importsOfAdapters},
		{"hosts are for mains", "the code that serves does not know what hosts it: take what is needed as an argument; " +
			"only mains and shared/assembly, which puts functions together for them, join the two", importsOfHosts},
		{"test packages are for tests", "fakes and suites must not be linked into a function", importsOfTestPackages},
		{"the clock is an argument", "code that reads the clock itself cannot be tested at a given time nor replayed: " +
			"take now func() time.Time as a field of the constructor", clockReads},
		{"packages say what they are", "the doc comment is the first thing that a newcomer reads", packageDocs},
		{"files are short", fmt.Sprintf("a file of more than %d lines holds more than one idea", maxFileLines), longFiles},
		{"functions are short", fmt.Sprintf("a function of more than %d lines does more than one thing", maxFunctionLines), longFunctions},
		{"mains only wire", fmt.Sprintf("a main of more than %d lines holds logic that no test reaches: "+
			"a package is missing", maxMainLines), longMains},
		{"metrics are counted", "an alarm on a metric that nobody writes never rings", uncountedMetrics},
		{"documents name what exists", "a path that has moved sends the reader to nowhere", documentPaths},
		{"documents name commands that exist", "what is copied from a document and fails is the last that its reader tries", documentCommands},
	}
}

// isBelow reports whether name is dir or below it.
func isBelow(name, dir string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }

// forImports calls bad for each import of each source and gathers messages.
func forImports(r *repository, bad func(s *source, imported string) bool) []string {
	var all []string
	for _, s := range r.sources {
		for i, imported := range s.Imports {
			if bad(s, imported) {
				all = append(all, fmt.Sprintf("%s imports %s", s.at(s.syntax.Imports[i]), imported))
			}
		}
	}
	return all
}

func upwardImports(r *repository) []string {
	return forImports(r, func(s *source, imported string) bool {
		return isBelow(s.Dir, "shared") && ours(imported) && !isBelow(imported, "shared")
	})
}

// hosts may import aws-lambda-go.
func isHost(dir string) bool { return dir == "shared/lambdahost" || dir == "shared/gateway" }

func awsImports(r *repository) []string {
	return forImports(r, func(s *source, imported string) bool {
		switch {
		case !isBelow(s.Dir, "shared"):
			return false
		case isBelow(imported, "github.com/aws/aws-lambda-go"):
			return !isHost(s.Dir)
		case strings.HasPrefix(imported, "github.com/aws/"):
			return !isAWSAdapter(s.Dir)
		}
		return false
	})
}

func isAWSAdapter(dir string) bool {
	names := []string{"s3store", "dynamoindex", "sqsqueue", "dynamorecords", "lambdabackend"}
	return strings.Count(dir, "/") == 2 && slices.Contains(names, path.Base(dir))
}

// allowed lists packages that may import only what is listed of ours.
func allowed() map[string][]string {
	return map[string][]string{
		"shared/profile":    nil,
		"shared/pprof":      {"shared/profile"},
		"shared/jfr":        nil,
		"shared/relabel":    {"shared/profile"},
		"shared/selector":   {"shared/profile"},
		"shared/flamegraph": {"shared/profile"},
		"shared/objstore":   nil,
		"shared/queue":      nil,
		"shared/blockindex": {"shared/profile"},
		"shared/records":    {"shared/profile"},
		// The request of a query backend is a task of the engine, so this
		// contract stands above it; of the object store it knows the contract.
		"shared/querybackend": {"shared/block", "shared/engine", "shared/objstore", "shared/profile", "shared/readstats"},
		"shared/config":       nil,
		"shared/telemetry":    nil,
	}
}

func allowedImports(r *repository) []string {
	table := allowed()
	return forImports(r, func(s *source, imported string) bool {
		only, listed := table[s.Dir]
		return listed && !s.Test && ours(imported) && !slices.Contains(only, imported)
	})
}

// isAdapter reports whether the package implements a contract: it lies in a
// folder below the contract's and is no suite.
func isAdapter(dir string) bool {
	if isTestPackage(dir) || strings.Count(dir, "/") != 2 {
		return false
	}
	contract := path.Dir(dir)
	switch contract {
	case "shared/objstore", "shared/blockindex", "shared/queue", "shared/records", "shared/querybackend":
		return true
	}
	return false
}

func adapterImports(r *repository) []string {
	return forImports(r, func(s *source, imported string) bool {
		if !isAdapter(s.Dir) || s.Test || !ours(imported) {
			return false
		}
		contract := path.Dir(s.Dir)
		return imported != contract && !slices.Contains(r.dependencies(contract), imported)
	})
}

func importsOfAdapters(r *repository) []string {
	return forImports(r, func(s *source, imported string) bool {
		return isBelow(s.Dir, "shared") && !s.Test && !isTestPackage(s.Dir) && isAdapter(imported)
	})
}

func importsOfHosts(r *repository) []string {
	return forImports(r, func(s *source, imported string) bool {
		return isBelow(s.Dir, "shared") && !s.Test && !isHost(s.Dir) && s.Dir != "shared/assembly" && isHost(imported)
	})
}

// isTestPackage reports whether a package or the one that it is part of is
// called ...test or testkit.
func isTestPackage(dir string) bool {
	if !isBelow(dir, "shared") {
		return false
	}
	return slices.ContainsFunc(strings.Split(dir, "/"), func(name string) bool {
		return strings.HasSuffix(name, "test") || name == "testkit"
	})
}

func importsOfTestPackages(r *repository) []string {
	return forImports(r, func(s *source, imported string) bool {
		return !s.Test && !isTestPackage(s.Dir) && isTestPackage(imported)
	})
}

// mayReadClock: hosts, telemetry and adapters set the defaults of clocks.
func mayReadClock(dir string) bool {
	return !isBelow(dir, "shared") || dir == "shared/telemetry" || isHost(dir) || isAdapter(dir) || isTestPackage(dir)
}

func clockReads(r *repository) []string {
	var all []string
	for _, s := range r.sources {
		if s.Test || mayReadClock(s.Dir) {
			continue
		}
		name := importName(s, "time")
		ast.Inspect(s.syntax, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := selector.X.(*ast.Ident)
			if ok && x.Name == name && slices.Contains([]string{"Now", "Since", "Until"}, selector.Sel.Name) {
				all = append(all, fmt.Sprintf("%s uses time.%s", s.at(node), selector.Sel.Name))
			}
			return true
		})
	}
	return all
}

// importName is what a file calls an imported package, or "" if it does not
// import it.
func importName(s *source, imported string) string {
	for _, spec := range s.syntax.Imports {
		switch unquoted, err := strconv.Unquote(spec.Path.Value); {
		case err != nil || unquoted != imported:
		case spec.Name != nil:
			return spec.Name.Name
		default:
			return path.Base(imported)
		}
	}
	return ""
}
