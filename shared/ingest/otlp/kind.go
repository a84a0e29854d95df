package otlp

import (
	"math"
	"math/bits"

	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// kind is what the values of a profile are.
type kind struct {
	name   string // __name__
	sample profile.ValueType
	factor int64 // by which values are multiplied
}

// kindOf tells what Pyroscope makes of types: sampled stacks are CPU time, if
// it is known how much of it a sample stands for; off_cpu is a name of its own;
// and others are named by their period.
func kindOf(sample, period profile.ValueType, length int64) kind {
	cpu := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	switch {
	case sample == profile.ValueType{Type: "samples", Unit: "count"} && period == cpu && length > 0:
		return kind{"process_cpu", cpu, length}
	case sample == profile.ValueType{Type: "samples", Unit: "count"} && period == cpu:
		return kind{"process_cpu", sample, 1}
	case sample.Type == "off_cpu" && period.Type == "":
		return kind{"off_cpu", sample, 1}
	}
	return kind{period.Type, sample, 1}
}

// value returns the value of a sample: the sum of its values, which may be given
// for each time; without any, each time counts once.
func (k kind) value(s *profilespb.Sample) int64 {
	if len(s.GetValues()) == 0 {
		return multiply(int64(len(s.GetTimestampsUnixNano())), k.factor)
	}
	sum := int64(0)
	for _, v := range s.GetValues() {
		if v < 0 { // such a sample is dropped later on
			return v
		}
		sum = add(sum, v)
	}
	return multiply(sum, k.factor)
}

// add and multiply go up to the largest number; none of theirs is negative.
func add(x, y int64) int64 {
	if x > math.MaxInt64-y {
		return math.MaxInt64
	}
	return x + y
}

func multiply(x, y int64) int64 {
	high, low := bits.Mul64(uint64(x), uint64(y))
	if high > 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}
