package ingest

import (
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// isOtherSpy reports whether an SDK, by what it says in the label pyroscope_spy, is
// for another language than Go.
func isOtherSpy(name string) bool {
	switch name {
	case "dotnetspy", "javaspy", "nodespy", "phpspy", "pyspy", "rbspy", "pyroscope-rs":
		return true
	}
	return false
}

// Beginnings and endings of names that tell the language of a program, as
// Pyroscope takes them.
var (
	partsOfGo     = []string{".go", "/usr/local/go/"}
	partsOfOthers = []string{"java/", "sun/", ".rb", "gems/", "./node_modules/", ".js", "System.", "Microsoft.", ".py", "main.rs", "core.rs"}
)

func hasPart(name string, parts []string) bool {
	for _, part := range parts {
		if strings.HasPrefix(name, part) || strings.HasSuffix(name, part) {
			return true
		}
	}
	return false
}

// isGo reports whether a profile is one of a Go program: by the label of the SDK
// or else by the first name in it that tells, as Pyroscope finds it out.
func isGo(ls profile.Labels, p *pprof.Profile) bool {
	spy := ls.Get(labelSpy)
	if spy == "gospy" || isOtherSpy(spy) {
		return spy == "gospy"
	}
	for _, name := range p.Strings {
		switch {
		case hasPart(name, partsOfGo):
			return true
		case hasPart(name, partsOfOthers):
			return false
		}
	}
	return false
}
