package queuetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// ErrInjected is what calls fail with by order of a [Fault] that names no
// other error.
var ErrInjected = errors.New("injected fault")

// Op is a method of a queue.
type Op string

// The methods of a queue.
const (
	OpSend    Op = "send"
	OpReceive Op = "receive"
	OpExtend  Op = "extend"
	OpDelete  Op = "delete"
)

// Fault is a failure to come. The contract leaves the outcome of a failed call
// unknown; so whoever copes with a fault must cope with its twin, that differs
// in Happened only. See [Twins].
type Fault struct {
	Op Op
	// Entry is the deduplication id of the message whose entry fails, while the
	// rest of the call takes its course. If it is empty the whole call fails.
	// A Receive has no entries.
	Entry string
	// Nth is which call of Op fails, counted from when the fault was planted;
	// with an Entry, which call that has it. 0 means 1.
	Nth int
	// Always has the Nth call and all that follow fail.
	Always bool
	// Happened says that the call or entry fails although it took place. What
	// such a Receive got stays in flight.
	Happened bool
	// Err is the error, ErrInjected if nil.
	Err error
}

// Twins returns the fault both ways, for tests to run through: without the
// call having happened, and although it did.
func Twins(f Fault) []Fault {
	f.Happened = false
	twin := f
	twin.Happened = true
	return []Fault{f, twin}
}

// String is fit for the name of a subtest.
func (f Fault) String() string {
	text := fmt.Sprintf("%s %d", f.Op, max(f.Nth, 1))
	if f.Entry != "" {
		text = fmt.Sprintf("%s of %s", text, f.Entry)
	}
	if f.Always {
		text += " and all later"
	}
	if f.Happened {
		return text + " fails although it happened"
	}
	return text + " fails without having happened"
}

// Call is one call of a method, as hooks see it.
type Call struct {
	Op         Op
	N          int             // which call of this Op, counted from 1
	Batch      []queue.Message // of a Send
	Handles    []string        // of an Extend or Delete
	Visibility time.Duration   // of a Receive or Extend

	// Only after the call: what the caller gets.
	Deliveries []queue.Delivery // of a Receive
	Errs       []error          // of the others
	Err        error            // of a Receive
}

// Faults is a queue that fails as told. It may be used from many goroutines.
type Faults struct {
	inner queue.Queue

	mu      sync.Mutex
	planted []*planted
	calls   map[Op]int
	ids     map[string]string // deduplication ids by handle
	before  func(context.Context, Call)
	after   func(context.Context, Call)
}

type planted struct {
	Fault
	seen  int // calls that were candidates
	fired bool
}

var _ queue.Queue = (*Faults)(nil)

// NewFaults wraps a queue. Without faults and hooks it just passes on.
func NewFaults(inner queue.Queue) *Faults {
	return &Faults{inner: inner, calls: map[Op]int{}, ids: map[string]string{}}
}

// Plant has faults happen.
func (f *Faults) Plant(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range faults {
		if one.Op == OpReceive && one.Entry != "" {
			panic("BUG: a Receive has no entries")
		}
		f.planted = append(f.planted, &planted{Fault: one})
	}
}

// Clear takes all faults away.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.planted = nil
}

// Unfired returns the faults that did not happen yet: a test that ends with
// one has not tested it.
func (f *Faults) Unfired() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Fault
	for _, p := range f.planted {
		if !p.fired {
			list = append(list, p.Fault)
		}
	}
	return list
}

// Before sets what is called before each call. It may block, and may use the
// queue below. nil is nothing.
func (f *Faults) Before(hook func(context.Context, Call)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = hook
}

// After sets what is called after each call. It may block, and may use the
// queue below. nil is nothing.
func (f *Faults) After(hook func(context.Context, Call)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after = hook
}

// Calls is how many calls of a method began.
func (f *Faults) Calls(op Op) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[op]
}

// Send is [queue.Sender.Send].
func (f *Faults) Send(ctx context.Context, batch []queue.Message) []error {
	entries := make([]string, len(batch))
	for i, m := range batch {
		entries[i] = m.DedupID
	}
	return f.entries(ctx, Call{Op: OpSend, Batch: batch}, entries, func(keep []int) []error {
		return f.inner.Send(ctx, pick(batch, keep))
	})
}

// Extend is [queue.Receiver.Extend].
func (f *Faults) Extend(ctx context.Context, handles []string, visibility time.Duration) []error {
	call := Call{Op: OpExtend, Handles: handles, Visibility: visibility}
	return f.entries(ctx, call, f.namesOf(handles), func(keep []int) []error {
		return f.inner.Extend(ctx, pick(handles, keep), visibility)
	})
}

// Delete is [queue.Receiver.Delete].
func (f *Faults) Delete(ctx context.Context, handles []string) []error {
	return f.entries(ctx, Call{Op: OpDelete, Handles: handles}, f.namesOf(handles), func(keep []int) []error {
		return f.inner.Delete(ctx, pick(handles, keep))
	})
}

// Depth is [queue.Gauge.Depth]; it has no faults.
func (f *Faults) Depth(ctx context.Context) (int, error) { return f.inner.Depth(ctx) }

// Receive is [queue.Receiver.Receive].
func (f *Faults) Receive(ctx context.Context, limit int, wait, visibility time.Duration) ([]queue.Delivery, error) {
	call, after := f.begin(ctx, Call{Op: OpReceive, Visibility: visibility})
	fault := f.strike(OpReceive, nil)[wholeCall]
	if fault == nil || fault.Happened {
		call.Deliveries, call.Err = f.inner.Receive(ctx, limit, wait, visibility)
		f.remember(call.Deliveries)
	}
	if fault != nil {
		call.Deliveries, call.Err = nil, fault.err()
	}
	after(call)
	return call.Deliveries, call.Err
}
