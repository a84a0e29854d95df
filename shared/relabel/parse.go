package relabel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// The actions.
const (
	actionReplace   = "replace"
	actionKeep      = "keep"
	actionDrop      = "drop"
	actionKeepEqual = "keepequal"
	actionDropEqual = "dropequal"
	actionHashMod   = "hashmod"
	actionLabelMap  = "labelmap"
	actionLabelDrop = "labeldrop"
	actionLabelKeep = "labelkeep"
	actionLowercase = "lowercase"
	actionUppercase = "uppercase"
)

// Bounds of rules: every pushed profile passes all of them.
const (
	MaxRules = 100
	// MaxBytes is the length of the JSON text.
	MaxBytes = 16 << 10
)

// ErrRules is wrapped by all errors of [Parse].
var ErrRules = errors.New("bad relabel rules")

// wireRule is a rule as it is written. Pointers tell what is not there from
// what is empty.
type wireRule struct {
	SourceLabels []string `json:"source_labels"`
	Separator    *string  `json:"separator"`
	Regex        *string  `json:"regex"`
	Modulus      uint64   `json:"modulus"`
	TargetLabel  string   `json:"target_label"`
	Replacement  *string  `json:"replacement"`
	Action       string   `json:"action"`
}

// Parse reads rules; an empty text has none. The error, which wraps ErrRules,
// says which rule is wrong and how; rules are counted from 1.
func Parse(text string) (Rules, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrRules, len(text), MaxBytes)
	}
	var wire []wireRule
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&wire); err != nil {
		return nil, fmt.Errorf("%w: not a JSON list of rules: %w", ErrRules, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: there is more after the list", ErrRules)
	}
	if len(wire) > MaxRules {
		return nil, fmt.Errorf("%w: %d rules, more than %d", ErrRules, len(wire), MaxRules)
	}
	if len(wire) == 0 {
		return nil, nil
	}
	out := make(Rules, 0, len(wire))
	for i, w := range wire {
		r, err := w.rule()
		if err != nil {
			return nil, fmt.Errorf("%w: rule %d: %w", ErrRules, i+1, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// rule checks a rule and fills in what is not there.
func (w wireRule) rule() (rule, error) {
	r := rule{
		action: strings.ToLower(w.Action), source: w.SourceLabels, separator: orElse(w.Separator, ";"),
		modulus: w.Modulus, target: w.TargetLabel, replacement: orElse(w.Replacement, "$1"),
	}
	if r.action == "" {
		r.action = actionReplace
	}
	var err error
	// As in Prometheus, the whole value has to match, and "." matches newlines.
	if r.regex, err = regexp.Compile("^(?s:" + orElse(w.Regex, "(.*)") + ")$"); err != nil {
		return rule{}, fmt.Errorf("regex: %w", err)
	}
	return r, r.check(w)
}

func (r rule) check(w wireRule) error {
	switch r.action {
	case actionKeep, actionDrop, actionLabelMap, actionLabelDrop, actionLabelKeep:
	case actionReplace, actionHashMod, actionLowercase, actionUppercase, actionKeepEqual, actionDropEqual:
		if r.target == "" {
			return fmt.Errorf("action %s needs a target_label", r.action)
		}
	default:
		return fmt.Errorf("unknown action %q", r.action)
	}
	byName := slices.Contains([]string{actionLabelDrop, actionLabelKeep}, r.action)
	switch {
	case r.action == actionHashMod && r.modulus == 0:
		return errors.New("action hashmod needs a modulus")
	case byName && (w.SourceLabels != nil || w.TargetLabel != "" || w.Modulus != 0 || w.Separator != nil || w.Replacement != nil):
		return fmt.Errorf("action %s takes a regex and nothing else", r.action)
	}
	return nil
}

func orElse(s *string, otherwise string) string {
	if s == nil {
		return otherwise
	}
	return *s
}
