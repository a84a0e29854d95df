package pprof

import "math"

// Limits bound what [Decode] accepts. A limit of 0 is no limit, up to what
// positions of 32 bits can address.
type Limits struct {
	// MaxBytes is the size of the uncompressed profile. More is refused.
	MaxBytes int64
	// MaxSamples is the number of samples. More are refused.
	MaxSamples int
	// MaxSampleLabels is the number of labels of one sample, numeric ones
	// included. More are refused.
	MaxSampleLabels int
	// MaxStackDepth is the number of locations of one stack. Of deeper
	// stacks the leaf side is dropped.
	MaxStackDepth int
	// MaxSymbolBytes is the length of one string. Of longer ones the end is
	// kept, since that is where the name of a function stands.
	MaxSymbolBytes int
}

// DefaultLimits are the limits of Pyroscope for a tenant without overrides.
func DefaultLimits() Limits {
	return Limits{
		MaxBytes:        4 << 20,
		MaxSamples:      16000,
		MaxSampleLabels: 100,
		MaxStackDepth:   1000,
		MaxSymbolBytes:  65535,
	}
}

// maxBytes is MaxBytes, or what positions of 32 bits can address: a message
// of n bytes holds fewer than n strings, locations and so on.
func (l Limits) maxBytes() int64 {
	const addressable = math.MaxInt32
	if l.MaxBytes <= 0 || l.MaxBytes > addressable {
		return addressable
	}
	return l.MaxBytes
}

func (l Limits) checkBytes(n int64) error {
	if most := l.maxBytes(); n > most {
		return &LimitError{Limit: "MaxBytes", What: "bytes uncompressed", Actual: n, Max: most}
	}
	return nil
}

func (l Limits) checkSamples(n int) error {
	if l.MaxSamples > 0 && n > l.MaxSamples {
		return &LimitError{Limit: "MaxSamples", What: "samples", Actual: int64(n), Max: int64(l.MaxSamples)}
	}
	return nil
}

func (l Limits) checkSampleLabels(n int) error {
	if l.MaxSampleLabels > 0 && n > l.MaxSampleLabels {
		return &LimitError{Limit: "MaxSampleLabels", What: "labels", Actual: int64(n), Max: int64(l.MaxSampleLabels)}
	}
	return nil
}
