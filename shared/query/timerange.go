package query

import (
	"math"
	"time"
)

// timeRange is the time that a request is about, Unix milliseconds, both ends
// inclusive.
type timeRange struct{ start, end int64 }

// parseRange checks the time range of a request, which must have both ends.
func parseRange(start, end int64) (timeRange, error) {
	if start == 0 || end == 0 {
		return timeRange{}, invalid("missing time range in the query")
	}
	if start > end {
		return timeRange{}, invalid("the start of the time range (%d) is after its end (%d)", start, end)
	}
	return timeRange{start, end}, nil
}

// parseTypesRange is parseRange for ProfileTypes, which means the last hour if
// the request names no time at all: older data sources ask so.
func parseTypesRange(start, end int64, now time.Time) (timeRange, error) {
	if start == 0 && end == 0 {
		return timeRange{now.Add(-time.Hour).UnixMilli(), now.UnixMilli()}, nil
	}
	return parseRange(start, end)
}

const (
	nanosPerMilli = int64(time.Millisecond)
	// maxMillis is the last millisecond that nanoseconds in an int64 can hold
	// all of.
	maxMillis = math.MaxInt64/nanosPerMilli - 1
)

// nanos returns the first and the last nanosecond of the range. What lies
// outside of the times that profiles can have (from 1970 to 2262) is cut off.
func (r timeRange) nanos() (from, to int64) {
	if r.end < 0 {
		return 0, -1
	}
	clamp := func(ms int64) int64 { return min(max(ms, 0), maxMillis) * nanosPerMilli }
	return clamp(r.start), clamp(r.end) + nanosPerMilli - 1
}
