package compaction

import (
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
)

// Level says when blocks of a level are merged into one of the next.
type Level struct {
	// Blocks is how many are merged as soon as there are so many.
	Blocks int
	// Age is how long, since its commit, a block waits for others at most;
	// then it is merged with those that there are, if any.
	Age time.Duration
	// Window is the time of data that is kept together: the windows divide
	// time from 1970 on, and a block belongs to that of its MinTime. Only
	// blocks of one window are merged.
	Window time.Duration
	// Steps are the buckets of time over which blocks that are merged from
	// this level get sums; see block.MergeOptions.
	Steps []time.Duration
}

// Policy says which blocks are merged.
type Policy struct {
	Levels []Level // by level; blocks of a level that is not listed stay as they are
	// MaxBytes bounds the objects that one job reads, and so the time that it
	// takes. Memory does not depend on it.
	MaxBytes int64
	// MaxSpan is the longest time from the first to the last profile of a
	// merged block; at most blockindex.MaxSpan.
	MaxSpan time.Duration
	// Merge says how blocks are merged, but for Small, which is so from level
	// 2 on, and Steps.
	Merge block.MergeOptions
}

// DefaultPolicy has the counts and ages of Pyroscope's metastore. The windows
// of the lower levels are an hour, so that a query for a part of a day need
// not open blocks of all of it. The last level gathers six of them.
func DefaultPolicy() Policy {
	return Policy{
		Levels: []Level{
			{Blocks: 20, Age: 36 * time.Second, Window: time.Hour},
			{Blocks: 10, Age: 12 * time.Minute, Window: time.Hour, Steps: []time.Duration{5 * time.Minute}},
			{Blocks: 10, Age: 3 * time.Hour, Window: 6 * time.Hour, Steps: []time.Duration{5 * time.Minute, time.Hour, 6 * time.Hour}},
		},
		MaxBytes: 1 << 30,
		MaxSpan:  blockindex.MaxSpan,
		Merge:    block.DefaultMergeOptions(),
	}
}

// settled is how long after their time blocks are still merged, if all goes
// well: twice the widest window and age, and a day for what comes late.
func (p Policy) settled() time.Duration {
	longest := time.Duration(0)
	for _, l := range p.Levels {
		longest = max(longest, l.Window+l.Age)
	}
	return 2*longest + 24*time.Hour
}
