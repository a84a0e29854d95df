package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"
)

// Errors of calls that the stage has fail.
var (
	errFault   = errors.New("simulated fault")
	errCrashed = errors.New("simulated crash")
)

// mood says how likely it is that something goes wrong with a call.
type mood struct {
	crash float64 // the process dies at it
	fail  float64 // it fails
	slow  float64 // it takes up to mostDelay before it takes place
}

const (
	mostDelay = 2 * time.Minute
	// mostLate is how long after its caller has given up a call may still take
	// effect.
	mostLate = 5 * time.Second
)

// stage lets the calls of all processes take place one by one.
type stage struct {
	r    *rand.Rand
	mood mood
	log  func(format string, args ...any) // nil: nothing is logged
	bell chan struct{}                    // rings when a call is made
	took int                              // calls that took place
	ops  map[string]int                   // the same by what they are

	mu    sync.Mutex
	calls []*call // made and not yet answered
	ended []*process
}

func newStage(r *rand.Rand) *stage {
	return &stage{r: r, bell: make(chan struct{}, 1), ops: make(map[string]int)}
}

// call is a call on its way.
type call struct {
	p       *process
	op, arg string
	take    func() error    // has it take place
	answer  func(err error) // lets the caller go on
	from    time.Time       // not before
	slowed  bool            // its delay is decided
	left    bool            // the caller has given up
	late    bool            // it takes effect all the same
}

// do makes a call of a process.
func do[T any](ctx context.Context, p *process, op, arg string, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	answers := make(chan result, 1)
	var value T
	c := &call{
		p: p, op: op, arg: arg,
		take:   func() (err error) { value, err = f(); return err },
		answer: func(err error) { answers <- result{value, err} },
	}
	var none T
	if !p.stage.enter(c) {
		return none, errCrashed
	}
	select {
	case r := <-answers:
		if r.err != nil {
			return none, r.err
		}
		return r.value, nil
	case <-ctx.Done():
		p.stage.leave(c)
		return none, fmt.Errorf("%s %s: %w", op, arg, context.Cause(ctx))
	}
}

func (s *stage) enter(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.p.dead {
		return false
	}
	s.calls = append(s.calls, c)
	s.ring()
	return true
}

// ring makes step look for calls.
func (s *stage) ring() {
	select {
	case s.bell <- struct{}{}:
	default:
	}
}

// end is the end of a process that has done its work.
func (s *stage) end(p *process, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.dead, p.err = true, err
	s.ended = append(s.ended, p)
}

// logEnds logs the ends of processes, in an order that the seed decides.
func (s *stage) logEnds() {
	s.mu.Lock()
	ended := s.ended
	s.ended = nil
	s.mu.Unlock()
	slices.SortFunc(ended, func(a, b *process) int { return a.number - b.number })
	for _, p := range ended {
		s.logf("%v has ended: %v", p, p.err)
	}
}

// isDead reports whether a process does nothing any more.
func (s *stage) isDead(p *process) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.dead
}

func (s *stage) leave(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.left = true
}

// step has one call take place, or lets time pass until there is one, at most
// until a time.
func (s *stage) step(until time.Time) {
	synctest.Wait()
	s.logEnds()
	c, next := s.next()
	if c != nil {
		s.release(c)
		return
	}
	timer := time.NewTimer(min(next, time.Until(until)))
	defer timer.Stop()
	select {
	case <-s.bell:
	case <-timer.C:
	}
}

// next chooses a call whose time has come, or says when to look again.
func (s *stage) next() (*call, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Calls come in an order that the machine decides; from here on the seed does.
	slices.SortStableFunc(s.calls, func(a, b *call) int {
		return cmp.Or(a.p.number-b.p.number, cmp.Compare(a.op, b.op), cmp.Compare(a.arg, b.arg))
	})
	now := time.Now()
	s.calls = slices.DeleteFunc(s.calls, func(c *call) bool { return c.left && !s.comesLate(c, now) })
	wait := time.Minute
	var ready []*call
	for _, c := range s.calls {
		if !c.slowed {
			c.slowed = true
			if !c.p.sound && s.r.Float64() < s.mood.slow {
				c.from = now.Add(time.Duration(s.r.Int64N(int64(mostDelay))))
			} else if c.p.pace > 0 {
				c.from = now.Add(time.Duration(s.r.Int64N(int64(c.p.pace))))
			}
		}
		if d := c.from.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		ready = append(ready, c)
	}
	if len(ready) == 0 {
		return nil, wait
	}
	return ready[s.r.IntN(len(ready))], 0
}

// comesLate decides whether a call whose caller has gone takes effect.
func (s *stage) comesLate(c *call, now time.Time) bool {
	if c.late {
		return true
	}
	if !c.p.latecomer || s.r.IntN(2) == 0 {
		return false
	}
	c.late = true
	c.from = now.Add(time.Duration(s.r.Int64N(int64(mostLate))))
	return true
}

// release has a call take place, or fail, or be the last of its process.
func (s *stage) release(c *call) {
	s.mu.Lock()
	s.calls = slices.DeleteFunc(s.calls, func(other *call) bool { return other == c })
	s.mu.Unlock()
	s.took++
	s.ops[c.op]++
	x := s.r.Float64()
	switch m := s.mood; {
	case c.p.sound || c.left || x >= m.crash+m.fail:
		err := c.take()
		s.logCall(c, err)
		c.answer(err)
	case x < m.crash:
		happened := s.r.IntN(2) == 0
		if happened {
			_ = c.take()
		}
		s.logf("%v dies at %s %s, happened: %v", c.p, c.op, c.arg, happened)
		c.answer(errCrashed)
		s.kill(c.p)
	default:
		happened := s.r.IntN(2) == 0
		if happened {
			_ = c.take()
		}
		s.logf("%v: %s %s fails, happened: %v", c.p, c.op, c.arg, happened)
		c.answer(errFault)
	}
}

// kill ends a process. Of its calls that are under way some take place.
func (s *stage) kill(p *process) {
	s.mu.Lock()
	p.dead = true
	var last []*call
	s.calls = slices.DeleteFunc(s.calls, func(c *call) bool {
		if c.p == p {
			last = append(last, c)
		}
		return c.p == p
	})
	s.mu.Unlock()
	for _, c := range last {
		if s.r.IntN(2) == 0 {
			_ = c.take()
		}
		c.answer(errCrashed)
	}
	p.cancel(errCrashed)
}

func (s *stage) logCall(c *call, err error) {
	if s.log != nil {
		s.logf("%v: %s %s: %v", c.p, c.op, c.arg, err)
	}
}

func (s *stage) logf(format string, args ...any) {
	if s.log != nil {
		s.log("%s "+format, append([]any{time.Now().Format("15:04:05.000")}, args...)...)
	}
}
