package ingest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var errNoName = errors.New("parameter name: application name is required")

// parseName reads the parameter name, "app{label=value,label=value}". The
// braces may be missing. Values are taken as they are, up to "," or "}"; a
// label whose value does not end is lost, as in Pyroscope; of a label that is
// given twice the last counts. A label __name__ replaces the application.
//
// The labels are in no particular order, each name once, __name__ left out.
func parseName(s string) (app string, labels profile.Labels, err error) {
	app, rest, _ := strings.Cut(s, "{")
	if app, err = checkApp(app); err != nil {
		return "", nil, err
	}
	at := make(map[string]int) // positions in labels
	for {
		i := strings.IndexAny(rest, "=}")
		if i < 0 || rest[i] == '}' {
			return app, labels, nil
		}
		name := strings.TrimSpace(rest[:i])
		rest = rest[i+1:]
		if i = strings.IndexAny(rest, ",}"); i < 0 {
			return app, labels, nil
		}
		value := strings.TrimSpace(rest[:i])
		rest = rest[i+1:]
		if err := checkLabelName(name); err != nil {
			return "", nil, err
		}
		if name == profile.LabelName {
			app = value
			continue
		}
		if i, again := at[name]; again {
			labels[i].Value = value
			continue
		}
		at[name] = len(labels)
		labels = append(labels, profile.Label{Name: name, Value: value})
	}
}

func checkApp(s string) (string, error) {
	app := strings.TrimSpace(s)
	if app == "" {
		return "", errNoName
	}
	for _, r := range app {
		if !inLabelName(r) && r != '-' && r != '/' {
			return "", fmt.Errorf("parameter name: application name %q: character %q is not allowed", cut(app, maxNamedBytes), r)
		}
	}
	return app, nil
}

func checkLabelName(name string) error {
	if name == "" {
		return errors.New("parameter name: a label has no name")
	}
	for _, r := range name {
		if !inLabelName(r) {
			return fmt.Errorf("parameter name: label name %q: character %q is not allowed", cut(name, maxNamedBytes), r)
		}
	}
	return nil
}

func inLabelName(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '.'
}
