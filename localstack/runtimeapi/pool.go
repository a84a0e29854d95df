package runtimeapi

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// pool is the environments of a function.
type pool struct {
	function Function
	log      *functionLog

	mu     sync.Mutex
	closed bool
	all    []*environment
	idle   []*idleEnvironment // the one that was used last is last
	taken  int                // places of Concurrency, by environments that run or start
}

// idleEnvironment is one that waits for an event; its timer ends it.
type idleEnvironment struct {
	*environment
	timer *time.Timer
}

// invoke handles an event in a free environment, or a new one if there may be
// one more.
func (p *pool) invoke(event []byte) (Result, error) {
	e, err := p.acquire()
	if err != nil {
		return Result{}, fmt.Errorf("invoke %s: %w", p.function.Name, err)
	}
	if len(event) == 0 {
		event = []byte("{}")
	}
	id := newRequestID()
	inv := &invocation{id: id, payload: event, complete: make(chan struct{}), result: Result{RequestID: id}}
	e.run(inv)
	p.release(e)
	return inv.result, nil
}

// acquire takes an idle environment or starts one.
func (p *pool) acquire() (*environment, error) {
	p.mu.Lock()
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		e := p.idle[last]
		p.idle = p.idle[:last]
		e.timer.Stop() // if it is too late for that, reap finds nothing
		if e.alive() {
			p.mu.Unlock()
			return e.environment, nil
		}
		p.forget(e.environment)
	}
	switch {
	case p.closed:
		p.mu.Unlock()
		return nil, ErrClosed
	case p.taken >= p.function.Concurrency:
		p.mu.Unlock()
		return nil, ErrThrottled
	}
	p.taken++
	p.mu.Unlock()

	e, err := startEnvironment(p.function, newRequestID(), p.log)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.taken--
		return nil, fmt.Errorf("%w: %w", errNotStarted, err)
	}
	p.all = append(p.all, e)
	if p.closed {
		e.process.kill() // close did not see it
	}
	return e, nil
}

// forget gives the place of an environment that is gone to others. Callers hold
// the lock.
func (p *pool) forget(e *environment) {
	if i := slices.Index(p.all, e); i >= 0 {
		p.all = slices.Delete(p.all, i, i+1)
		p.taken--
	}
}

// release takes back an environment that has done its work.
func (p *pool) release(e *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !e.alive() || p.closed {
		p.forget(e)
		return
	}
	idle := &idleEnvironment{environment: e}
	idle.timer = time.AfterFunc(p.function.IdleTimeout, func() { p.reap(idle) })
	p.idle = append(p.idle, idle)
}

// reap ends an environment that was idle for too long.
func (p *pool) reap(e *idleEnvironment) {
	p.mu.Lock()
	i := slices.Index(p.idle, e)
	if i < 0 {
		p.mu.Unlock() // somebody was faster
		return
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	p.mu.Unlock()
	e.end()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(e.environment)
}

// kill ends all processes and returns how many there were.
func (p *pool) kill() int {
	p.mu.Lock()
	all := slices.Clone(p.all)
	p.mu.Unlock()
	n := 0
	for _, e := range all {
		if e.alive() {
			e.end()
			n++
		}
	}
	return n
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.kill()
}

func (p *pool) processes() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []int
	for _, e := range p.all {
		if e.alive() {
			all = append(all, e.process.cmd.Process.Pid)
		}
	}
	return all
}

// count returns how many environments there are, and how many are busy.
func (p *pool) count() (all, busy int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.all {
		if e.alive() {
			all++
		}
	}
	for _, e := range p.idle {
		if e.alive() {
			busy--
		}
	}
	return all, max(all+busy, 0)
}

// newRequestID returns a random UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func isJSON(b []byte) bool { return json.Valid(b) }
