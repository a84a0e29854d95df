// Package attime reads points in time as the HTTP parameters from and until
// give them: as a number in one of several units, or relative to now.
package attime

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ErrSyntax is wrapped by the errors of Parse.
var ErrSyntax = errors.New("not a point in time")

// Parse reads a point in time.
//
// Digits alone are a date YYYYMMDD (UTC) if there are 8 of them and such a date
// exists, Unix milliseconds if 13, microseconds if 16, nanoseconds if 19, and
// Unix seconds else. "now", or nothing, may be followed by terms such as "-1h"
// or "+2d12h"; the units are s, min (or m), h, d, w, mon (30 days) and y (365
// days), and words that begin with them as in "-5minutes". Spaces, commas and
// underscores count for nothing, as in Graphite.
//
// An empty string is an error: what it stands for depends on the parameter.
func Parse(s string, now time.Time) (time.Time, error) {
	text := strings.ToLower(strings.NewReplacer(" ", "", ",", "", "_", "").Replace(s))
	if text == "" {
		return time.Time{}, fmt.Errorf("%w: %q", ErrSyntax, s)
	}
	var t time.Time
	var err error
	if isDigits(text) {
		t, err = parseNumber(text)
	} else {
		t, err = parseRelative(strings.TrimPrefix(text, "now"), now)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %q", ErrSyntax, s)
	}
	return t, nil
}

// UnixNano is the time in Unix nanoseconds; what lies outside of what an int64
// holds (the years 1678 to 2262) is the nearest that it does.
func UnixNano(t time.Time) int64 {
	if t.Before(time.Unix(0, math.MinInt64)) {
		return math.MinInt64
	}
	if t.After(time.Unix(0, math.MaxInt64)) {
		return math.MaxInt64
	}
	return t.UnixNano()
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

func parseNumber(s string) (time.Time, error) {
	if len(s) == len("20060102") {
		if t, err := time.Parse("20060102", s); err == nil {
			return t, nil
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, err
	}
	switch len(s) {
	case 13:
		return time.UnixMilli(n), nil
	case 16:
		return time.UnixMicro(n), nil
	case 19:
		return time.Unix(0, n), nil
	}
	if n > maxUnixSeconds {
		return time.Time{}, ErrSyntax
	}
	return time.Unix(n, 0), nil
}

// maxUnixSeconds is the end of the year 9999: package time counts from the year
// 1 in an int64 of seconds, and what is near its end wraps around.
const maxUnixSeconds = 253402300799

// parseRelative adds terms as "-1h30min+2s" to now.
func parseRelative(terms string, now time.Time) (time.Time, error) {
	var sum time.Duration
	for sign := time.Duration(0); terms != ""; {
		switch terms[0] {
		case '-':
			sign, terms = -1, terms[1:]
		case '+':
			sign, terms = 1, terms[1:]
		}
		d, rest, err := parseTerm(terms)
		if err != nil || sign == 0 {
			return time.Time{}, ErrSyntax
		}
		if sum += sign * d; sum.Abs() > maxOffset {
			return time.Time{}, ErrSyntax
		}
		terms = rest
	}
	return now.Add(sum), nil
}

const (
	day = 24 * time.Hour
	// maxOffset is the furthest from now that a time can be given; twice it is
	// well within what a time.Duration holds, so that no sum runs over.
	maxOffset = 50 * 365 * day
)

// parseTerm reads a number and a unit and returns what follows them.
func parseTerm(s string) (d time.Duration, rest string, err error) {
	digits := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if digits <= 0 {
		return 0, "", ErrSyntax
	}
	n, err := strconv.ParseInt(s[:digits], 10, 64)
	if err != nil {
		return 0, "", err
	}
	word := s[digits:]
	if end := strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }); end >= 0 {
		word, rest = word[:end], word[end:]
	}
	u := unit(word)
	if u == 0 || n > int64(maxOffset/u) {
		return 0, "", ErrSyntax
	}
	return time.Duration(n) * u, rest, nil
}

func unit(word string) time.Duration {
	switch {
	case strings.HasPrefix(word, "s"):
		return time.Second
	case strings.HasPrefix(word, "mon"):
		return 30 * day
	case strings.HasPrefix(word, "m"):
		return time.Minute
	case strings.HasPrefix(word, "h"):
		return time.Hour
	case strings.HasPrefix(word, "d"):
		return day
	case strings.HasPrefix(word, "w"):
		return 7 * day
	case strings.HasPrefix(word, "y"):
		return 365 * day
	}
	return 0
}
