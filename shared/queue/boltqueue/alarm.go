package boltqueue

import "time"

// alarm is the timer for the next visibility timeout. It is set only while
// Receives wait; all others look at the clock themselves.
type alarm struct {
	timer *time.Timer
	at    time.Time // by the queue's clock; zero if not set
}

// minAlarm keeps a queue's clock that lags behind the real one from making the
// alarm spin.
const minAlarm = time.Millisecond

// set has ring run when the queue's clock, which is now at now, is at at.
func (a *alarm) set(at, now time.Time, ring func()) {
	if at.Equal(a.at) {
		return
	}
	a.at = at
	d := max(at.Sub(now), minAlarm)
	if a.timer == nil {
		a.timer = time.AfterFunc(d, ring)
		return
	}
	a.timer.Reset(d)
}

// ran says that the timer has fired, so that the same time can be set again.
func (a *alarm) ran() { a.at = time.Time{} }

func (a *alarm) stop() {
	if a.timer != nil && !a.at.IsZero() {
		a.timer.Stop()
	}
	a.at = time.Time{}
}
