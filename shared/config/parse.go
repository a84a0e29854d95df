package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"
)

// Parse reads a value of a variable that is a number, within its range: bytes, a
// count, or nanoseconds of a duration. The error says what is allowed.
func (v Variable) Parse(text string) (int64, error) {
	r := newReader(func(string) (string, bool) { return text, true })
	var n int64
	switch v.Unit {
	case UnitBytes:
		n = r.bytes(v.Name)
	case UnitCount:
		n = int64(r.count(v.Name))
	case UnitDuration:
		n = int64(r.duration(v.Name))
	default:
		return 0, fmt.Errorf("BUG: %s is not a number", v.Name)
	}
	if strings.TrimSpace(text) == "" || len(r.problems) > 0 {
		return 0, fmt.Errorf("%q is not %s", text, v.Allowed())
	}
	return n, nil
}

func (r *reader) auth(name string) Auth {
	return read(r, name, UnitAuth, ParseAuth)
}

func (r *reader) bool(name string) bool {
	return read(r, name, UnitBool, func(s string) (bool, error) {
		switch s { // strconv's own parser takes T and 0, too
		case "true", "false":
			return s == "true", nil
		}
		return false, errors.New("neither true nor false")
	})
}

func (r *reader) level(name string) slog.Level {
	return read(r, name, UnitLevel, func(s string) (slog.Level, error) {
		switch s { // slog's own parser takes INFO+3, too
		case "debug", "info", "warn", "error":
			var level slog.Level
			err := level.UnmarshalText([]byte(s))
			return level, err
		}
		return 0, errors.New("no such level")
	})
}

func (r *reader) duration(name string) time.Duration {
	return readRange(r, name, UnitDuration, time.ParseDuration)
}

func (r *reader) bytes(name string) int64 { return readRange(r, name, UnitBytes, parseBytes) }

// json reads a text that is JSON, and not longer than it may be.
func (r *reader) json(name string) string {
	return read(r, name, UnitJSON, func(text string) (string, error) {
		most, err := parseBytes(r.variables[name].Max)
		if err != nil {
			panic("BUG: maximum of " + name + ": " + err.Error())
		}
		if int64(len(text)) > most || !json.Valid([]byte(text)) {
			return "", errors.New("no JSON, or too long")
		}
		return text, nil
	})
}

func (r *reader) count(name string) int { return readRange(r, name, UnitCount, strconv.Atoi) }

// read parses a variable or its default. What is wrong becomes a problem and
// yields the zero value.
func read[T any](r *reader, name, unit string, parse func(string) (T, error)) (value T) {
	v, ok := r.variables[name]
	if !ok || v.Unit != unit {
		panic(fmt.Sprintf("BUG: %s is no variable of unit %s", name, unit))
	}
	text, ok := r.lookup(name)
	text = strings.TrimSpace(text)
	if !ok || text == "" { // CloudFormation cannot leave a variable out, only empty
		text = v.Default
	}
	value, err := parse(text)
	if err != nil {
		r.problem(name, text, v.Allowed())
		return *new(T)
	}
	return value
}

func readRange[T cmp.Ordered](r *reader, name, unit string, parse func(string) (T, error)) T {
	v := r.variables[name]
	return read(r, name, unit, func(text string) (T, error) {
		value, err := parse(text)
		if err != nil {
			return value, err
		}
		least, err := parse(v.Min)
		if err != nil {
			panic("BUG: minimum of " + name + ": " + err.Error())
		}
		most, err := parse(v.Max)
		if err != nil {
			panic("BUG: maximum of " + name + ": " + err.Error())
		}
		if value < least || value > most {
			return value, errors.New("out of range")
		}
		return value, nil
	})
}

func parseBytes(text string) (int64, error) {
	shift := 0
	for suffix, bits := range map[string]int{"KiB": 10, "MiB": 20, "GiB": 30} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			text, shift = strings.TrimSpace(number), bits
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("parse number of bytes: %w", err)
	}
	if n < 0 || n > math.MaxInt64>>shift {
		return 0, errors.New("out of range")
	}
	return n << shift, nil
}
