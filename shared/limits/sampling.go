package limits

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Sampling says which share of profiles to keep, by service. The zero value
// keeps all.
type Sampling struct {
	all      *float64 // nil: 1
	services map[string]float64
}

// anyService stands for services that are not named.
const anyService = "*"

// ErrSampling is wrapped by all errors of [ParseSampling].
var ErrSampling = errors.New("bad sampling")

// ParseSampling reads a share for all services, as in 0.1, or shares by service,
// as in {"shop": 0.1, "*": 0.5}. What is not named is kept.
func ParseSampling(text string) (Sampling, error) {
	var s Sampling
	if err := json.Unmarshal([]byte(text), &s.all); err != nil || s.all == nil {
		s.all = nil
		if err := json.Unmarshal([]byte(text), &s.services); err != nil || s.services == nil {
			return Sampling{}, fmt.Errorf("%w: %q is neither a number nor an object of numbers by service", ErrSampling, text)
		}
	}
	if share, ok := s.services[anyService]; ok {
		s.all = &share
	}
	for service, share := range s.services {
		if err := checkShare(share); err != nil {
			return Sampling{}, fmt.Errorf("%w: service %q: %w", ErrSampling, service, err)
		}
	}
	if s.all != nil {
		if err := checkShare(*s.all); err != nil {
			return Sampling{}, fmt.Errorf("%w: %w", ErrSampling, err)
		}
		if *s.all == 1 && len(s.services) == 0 {
			return Sampling{}, nil
		}
	}
	return s, nil
}

func checkShare(share float64) error {
	if share < 0 || share > 1 {
		return fmt.Errorf("%v is not from 0 to 1", share)
	}
	return nil
}

// Keeps decides about a profile of a service by a number that is the same
// whenever the profile is sent, and evenly distributed over profiles: what was
// kept once is kept again.
func (s Sampling) Keeps(service string, number uint64) bool {
	share, named := s.services[service]
	switch {
	case named:
	case s.all != nil:
		share = *s.all
	default:
		return true
	}
	return share >= 1 || float64(number) < share*math.MaxUint64
}
