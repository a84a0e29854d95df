// Package relabel changes and drops label sets by rules, as Prometheus does
// with relabel_config.
//
// Rules are a JSON list of objects with the names and defaults of Prometheus:
//
//	[{"source_labels": ["env"], "regex": "dev|test", "action": "drop"},
//	 {"regex": "pod_.*", "action": "labeldrop"},
//	 {"source_labels": ["team"], "target_label": "owner", "replacement": "team-$1"}]
//
// The actions are replace (the default), keep, drop, keepequal, dropequal,
// hashmod, labelmap, labeldrop, labelkeep, lowercase and uppercase. See
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config.
package relabel

import (
	"crypto/md5"
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// Rules are applied one after the other. They may be used by many goroutines.
type Rules []rule

// rule is one of them, checked and with its defaults.
type rule struct {
	action      string
	source      []string
	separator   string
	regex       *regexp.Regexp // anchored
	modulus     uint64
	target      string
	replacement string
}

// Apply returns the labels as the rules make them, and whether the set is kept.
// Labels without a value do not exist. ls must be sorted, each name once, and so
// is the result; ls stays as it is.
func (rs Rules) Apply(ls profile.Labels) (profile.Labels, bool) {
	for i := range rs {
		var keep bool
		if ls, keep = rs[i].apply(ls); !keep {
			return nil, false
		}
	}
	return ls, true
}

func (r *rule) apply(ls profile.Labels) (profile.Labels, bool) {
	switch r.action {
	case actionLabelMap, actionLabelDrop, actionLabelKeep:
		return r.applyToNames(ls), true
	}
	value := r.sourceValue(ls)
	switch r.action {
	case actionKeep:
		return ls, r.regex.MatchString(value)
	case actionDrop:
		return ls, !r.regex.MatchString(value)
	case actionKeepEqual:
		return ls, ls.Get(r.target) == value
	case actionDropEqual:
		return ls, ls.Get(r.target) != value
	case actionHashMod:
		sum := md5.Sum([]byte(value))
		value = strconv.FormatUint(binary.BigEndian.Uint64(sum[8:])%r.modulus, 10)
	case actionLowercase:
		value = strings.ToLower(value)
	case actionUppercase:
		value = strings.ToUpper(value)
	case actionReplace:
		return r.replace(ls, value), true
	}
	return set(ls, r.target, value), true
}

func (r *rule) sourceValue(ls profile.Labels) string {
	if len(r.source) == 1 {
		return ls.Get(r.source[0])
	}
	values := make([]string, len(r.source))
	for i, name := range r.source {
		values[i] = ls.Get(name)
	}
	return strings.Join(values, r.separator)
}

func (r *rule) replace(ls profile.Labels, value string) profile.Labels {
	match := r.regex.FindStringSubmatchIndex(value)
	if match == nil {
		return ls
	}
	target := string(r.regex.ExpandString(nil, r.target, value, match))
	if target == "" {
		return ls
	}
	return set(ls, target, string(r.regex.ExpandString(nil, r.replacement, value, match)))
}

// applyToNames applies the actions that choose labels by their names.
func (r *rule) applyToNames(ls profile.Labels) profile.Labels {
	out := ls
	for _, l := range ls {
		matches := r.regex.MatchString(l.Name)
		switch {
		case r.action == actionLabelMap && matches:
			out = set(out, r.regex.ReplaceAllString(l.Name, r.replacement), l.Value)
		case r.action == actionLabelDrop && matches, r.action == actionLabelKeep && !matches:
			out = out.Without(l.Name)
		}
	}
	return out
}

// set gives a label a value, or takes it away if the value is empty.
func set(ls profile.Labels, name, value string) profile.Labels {
	switch {
	case name == "" || value == "" && !ls.Has(name):
		return ls
	case value == "":
		return ls.Without(name)
	}
	return ls.With(name, value)
}
