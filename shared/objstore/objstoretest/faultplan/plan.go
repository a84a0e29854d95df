// Package faultplan decides which calls of a store, an index or a queue fail
// in a test, and how.
//
// Faults come in matched pairs. A call that fails [Before] did not take place;
// one that fails [After] did take place, though its caller is told that it
// failed. Code that keeps its promises under both, at every call it makes,
// survives what the contracts call an unknown outcome.
//
// One Plan may stand behind several decorators (those of objstoretest and of
// blockindextest, say), so that "the n-th call to anything" can be made to fail
// or to be the last one of a process:
//
//	plan := faultplan.New()
//	run(plan) // without faults, to see how many calls there are
//	for n := range plan.Calls() {
//		for _, when := range faultplan.Both {
//			plan := faultplan.New()
//			plan.CrashAt(n+1, when)
//			run(plan)     // dies at its n+1-th call
//			plan.Revive() // the process starts again
//			run(plan)     // and must end where it would have ended
//		}
//	}
package faultplan

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// When says whether a call that fails took place.
type When int

// The two halves of a fault pair.
const (
	Before When = iota // it fails without having happened
	After              // it fails although it happened
)

// Both are the two halves, for loops.
var Both = [2]When{Before, After}

// String is "before" or "after".
func (w When) String() string {
	if w == Before {
		return "before"
	}
	return "after"
}

// Errors that faults return when the test gives none.
var (
	// ErrFault is the error of a fault that was planned without one.
	ErrFault = errors.New("injected fault")
	// ErrCrashed is the error of the call that CrashAt chose and of all calls
	// after it.
	ErrCrashed = errors.New("injected crash")
)

// Op names a method of a contract, such as "objstore.Put".
type Op string

// Call is one call to a decorated store, index or queue.
type Call struct {
	Op    Op
	Arg   string // what it is about: an object's key, a row's id
	N     int    // it is the n-th call of its Op, counted from 1
	Total int    // it is the n-th call of all, counted from 1
}

// Hook sees every call twice: before it takes place and after. An error fails
// the call there. Hooks run without a lock held: they may block, to make calls
// meet, and may call the decorated store and the plan.
type Hook func(c Call, when When) error

// Plan says which calls fail. Its methods may be called from many goroutines.
type Plan struct {
	mu      sync.Mutex
	counts  map[Op]int
	total   int
	rules   []*rule
	hook    Hook
	crashed bool
	fired   []Call
}

// rule is one fault that is yet to happen.
type rule struct {
	ops   []Op // none: any
	left  int  // calls until it fires, that one included
	when  When
	err   error
	crash bool
}

// New returns a plan under which nothing fails.
func New() *Plan { return &Plan{counts: make(map[Op]int)} }

// FailNext makes the next call of op fail. Planned twice, the next two fail. A
// nil err stands for ErrFault.
func (p *Plan) FailNext(op Op, when When, err error) { p.FailNth(op, 1, when, err) }

// FailNth makes the n-th call of op from now on fail; n counts from 1. A nil
// err stands for ErrFault.
func (p *Plan) FailNth(op Op, n int, when When, err error) {
	if err == nil {
		err = ErrFault
	}
	p.add(&rule{ops: []Op{op}, left: n, when: when, err: err})
}

// CrashAt makes the n-th call from now on (of these ops, or of any if none is
// named) the last one: it fails, and all calls of any op after it fail without
// taking place, until Revive.
func (p *Plan) CrashAt(n int, when When, ops ...Op) {
	p.add(&rule{ops: ops, left: n, when: when, err: ErrCrashed, crash: true})
}

func (p *Plan) add(r *rule) {
	if r.left < 1 {
		panic("BUG: calls are counted from 1")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, r)
}

// SetHook makes h see every call from now on; nil takes the hook away.
func (p *Plan) SetHook(h Hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = h
}

// Revive ends a crash and forgets the faults that have not happened. The hook
// and the counts stay.
func (p *Plan) Revive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.crashed, p.rules = false, nil
}

// Calls returns how many calls of these ops there were, or of all if none is
// named. Calls that failed count, those after a crash do not.
func (p *Plan) Calls(ops ...Op) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(ops) == 0 {
		return p.total
	}
	n := 0
	for _, op := range ops {
		n += p.counts[op]
	}
	return n
}

// Fired returns the calls that planned faults have hit, in order. A test should
// look at it: a fault that never happened proves nothing.
func (p *Plan) Fired() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.fired)
}

// Pending returns how many planned faults have not happened yet.
func (p *Plan) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.rules)
}

// Do makes a call as the plan has it. It is for decorators: do is the call
// itself, arg what it is about.
func (p *Plan) Do(op Op, arg string, do func() error) error {
	c, r, hook, err := p.begin(op, arg)
	if err != nil {
		return err
	}
	if hook != nil {
		if err := hook(c, Before); err != nil {
			return faultError(c, Before, err)
		}
	}
	if r != nil && r.when == Before {
		return faultError(c, Before, r.err)
	}
	err = do()
	if hook != nil {
		if err := hook(c, After); err != nil {
			return faultError(c, After, err)
		}
	}
	if r != nil {
		return faultError(c, After, r.err)
	}
	return err
}

// begin counts a call and finds the fault that is to hit it, if any.
func (p *Plan) begin(op Op, arg string) (Call, *rule, Hook, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.crashed {
		return Call{}, nil, nil, fmt.Errorf("%s %q: %w", op, arg, ErrCrashed)
	}
	p.counts[op]++
	p.total++
	c := Call{Op: op, Arg: arg, N: p.counts[op], Total: p.total}
	var hit *rule
	keep := p.rules[:0:0]
	for _, r := range p.rules {
		matches := len(r.ops) == 0 || slices.Contains(r.ops, op)
		switch {
		case matches && r.left == 1 && hit == nil:
			hit = r
			continue
		case matches && r.left > 1:
			r.left--
		}
		keep = append(keep, r)
	}
	p.rules = keep
	if hit != nil {
		p.fired = append(p.fired, c)
		p.crashed = hit.crash
	}
	return c, hit, p.hook, nil
}

func faultError(c Call, when When, err error) error {
	return fmt.Errorf("%s %q (call %d, %s it took place): %w", c.Op, c.Arg, c.N, when, err)
}
