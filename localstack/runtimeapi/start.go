package runtimeapi

import (
	"fmt"
	"time"
)

// Start is what it takes to start an environment.
type Start struct {
	Elapsed time.Duration // until the process asked for its first event
	// CPU is what the process took until then, of all its threads, user and
	// system time.
	CPU        time.Duration
	PeakMemory int64 // bytes; 0 where that cannot be found out
	Log        string
}

// MeasureStart starts a function, ends it when it asks for its first event, and
// returns what that took. The error says what the process wrote if it did not
// come to ask.
func MeasureStart(f Function) (Start, error) {
	f = f.withDefaults()
	if err := f.check(); err != nil {
		return Start{}, fmt.Errorf("start function: %w", err)
	}
	log := new(functionLog)
	e, err := startEnvironment(f, newRequestID(), log)
	if err != nil {
		return Start{}, err
	}
	timer := time.NewTimer(f.InitTimeout)
	defer timer.Stop()
	var s Start
	select {
	case <-e.ready:
		s.Elapsed = time.Since(e.process.started)
	case <-e.process.ended:
		return Start{}, fmt.Errorf("function %s: %s before it asked for an event:\n%s", f.Name, describe(e.process.state), log)
	case <-timer.C:
		e.end()
		return Start{}, fmt.Errorf("function %s did not ask for an event within %v:\n%s", f.Name, f.InitTimeout, log)
	}
	s.PeakMemory = e.process.measure()
	e.end()
	s.CPU, s.Log = e.process.cpu(), log.String()
	return s, nil
}
