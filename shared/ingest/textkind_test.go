package ingest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/speedscope"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// id is the profile type of a kind at a rate.
func (k textKind) id(rate uint32) string {
	sample, period := k.types(rate)
	return profile.Type{Name: k.name, Sample: sample, Period: period}.String()
}

func TestSplitKind(t *testing.T) {
	const cpu, wall = "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "wall:wall:nanoseconds:cpu:nanoseconds"
	for app, want := range map[string]string{
		"app":                            cpu,
		"app.cpu":                        cpu,
		"app.itimer":                     cpu,
		"app.wall":                       wall,
		"app.seconds":                    wall,
		"app.milliseconds":               wall,
		"app.microseconds":               wall,
		"app.nanoseconds":                wall,
		"app.inuse_objects":              "memory:inuse_objects:count::",
		"app.inuse_space":                "memory:inuse_space:bytes::",
		"app.alloc_objects":              "memory:alloc_objects:count::",
		"app.alloc_space":                "memory:alloc_space:bytes::",
		"app.live":                       "memory:live:count::",
		"app.alloc_in_new_tlab_objects":  "memory:alloc_in_new_tlab_objects:count::",
		"app.alloc_in_new_tlab_bytes":    "memory:alloc_in_new_tlab_bytes:bytes::",
		"app.alloc_outside_tlab_objects": "memory:alloc_outside_tlab_objects:count::",
		"app.alloc_outside_tlab_bytes":   "memory:alloc_outside_tlab_bytes:bytes::",
		"app.bytes":                      "memory:samples:bytes::",
		"app.exceptions":                 "exceptions:samples:count::",
		"app.goroutines":                 "goroutine:goroutines:count::",
		"app.mutex_count":                "mutex:contentions:count::",
		"app.mutex_duration":             "mutex:delay:nanoseconds::",
		"app.block_count":                "block:contentions:count::",
		"app.block_duration":             "block:delay:nanoseconds::",
		"app.lock_count":                 "block:contentions:count::",
		"app.lock_duration":              "block:delay:nanoseconds::",
	} {
		service, kind, err := splitKind(app)
		require.NoError(t, err, app)
		require.Equal(t, "app", service)
		require.Equal(t, want, kind.id(100), app)
	}
	service, _, err := splitKind("my.service.cpu")
	require.NoError(t, err)
	require.Equal(t, "my.service", service)
	for _, app := range []string{"my.service", "app.CPU", "app.", "."} {
		_, _, err := splitKind(app)
		require.ErrorContains(t, err, "unknown profile type: ", app)
	}
	_, kind, _ := splitKind("app.cpu")
	require.Equal(t, "process_cpu:samples:count::", kind.id(0))
	_, kind, _ = splitKind("app.wall")
	require.Equal(t, "wall:samples:count::", kind.id(0))
}

func TestSpeedscopeKind(t *testing.T) {
	for _, c := range []struct {
		app     string
		unit    speedscope.Unit
		several bool
		service string
		want    string
	}{
		{"app", speedscope.Seconds, false, "app", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
		{"app", speedscope.None, false, "app", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
		{"app", speedscope.Bytes, false, "app", "memory:samples:bytes::"},
		{"app.alloc_space", speedscope.Bytes, false, "app", "memory:alloc_space:bytes::"},
		{"app.wall", speedscope.Seconds, false, "app", "wall:wall:nanoseconds:cpu:nanoseconds"},
		{"app", speedscope.Seconds, true, "app", "wall:wall:nanoseconds:cpu:nanoseconds"},
		{"my.service", speedscope.Bytes, true, "my.service", "memory:samples:bytes::"},
		{"app", speedscope.None, true, "app", "process_cpu:cpu:nanoseconds:cpu:nanoseconds"},
	} {
		service, kind, err := speedscopeKind(c.app, c.unit, c.several)
		require.NoError(t, err)
		require.Equal(t, c.service, service)
		require.Equal(t, c.want, kind.id(100), "%+v", c)
	}
	_, _, err := speedscopeKind("my.service", speedscope.Seconds, false)
	require.Error(t, err)
}

func TestScaled(t *testing.T) {
	for _, c := range []struct {
		v    int64
		rate uint32
		want int64
	}{
		{0, 100, 0}, {1, 100, 1e7}, {7, 3, 2333333333}, {5, 1e9, 5}, {1, math.MaxUint32, 0}, {1e9, math.MaxUint32, 232830643},
		{math.MaxInt64, 1e9, math.MaxInt64}, {math.MaxInt64, 1, math.MaxInt64}, {math.MaxInt64, 4e9, math.MaxInt64 / 4}, {1e10, 1, math.MaxInt64},
	} {
		require.Equal(t, c.want, scaled(c.v, c.rate), "%d at %d", c.v, c.rate)
	}
}

func TestRounded(t *testing.T) {
	for x, want := range map[float64]int64{0: 0, 0.5: 1, -0.4: 0, 2.4: 2, 1e300: math.MaxInt64, -1e300: math.MinInt64, math.Inf(1): math.MaxInt64} {
		require.Equal(t, want, rounded(x), "%v", x)
	}
}

func TestChooseFormat(t *testing.T) {
	for _, c := range []struct{ param, contentType, want string }{
		{"", "", formatFolded}, {"", "text/plain", formatFolded}, {"", ";", formatFolded}, {"folded", "", formatFolded}, {"groups", "", formatFolded},
		{"what", "application/octet-stream", formatFolded}, {"", "binary/octet-stream+other", formatFolded},
		{"", "binary/octet-stream+trie", formatTrie}, {"", "binary/octet-stream+tree", formatTree},
		{"trie", "", formatTrie}, {"tree", "", formatTree}, {"lines", "", formatLines}, {"speedscope", "", formatSpeedscope},
		{"", "multipart/form-data; boundary=x", formatForm}, {"what", "multipart/form-data; boundary=x", formatForm},
		{"pprof", "multipart/form-data; boundary=x", formatPprof}, {"jfr", "multipart/form-data; boundary=x", formatJFR},
		{"lines", "binary/octet-stream+trie", formatLines},
	} {
		got, _ := chooseFormat(c.param, c.contentType)
		require.Equal(t, c.want, got, "%+v", c)
	}
	_, boundary := chooseFormat("", "multipart/form-data; boundary=x")
	require.Equal(t, "x", boundary)
}
