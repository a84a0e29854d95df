package queuetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// wholeCall stands for the entry of faults that hit a whole call.
const wholeCall = ""

func (f Fault) err() error {
	if f.Err != nil {
		return f.Err
	}
	return fmt.Errorf("%s: %w", f.Op, ErrInjected)
}

// begin counts a call and calls the hook before it. It returns the hook after.
func (f *Faults) begin(ctx context.Context, call Call) (Call, func(Call)) {
	f.mu.Lock()
	f.calls[call.Op]++
	call.N = f.calls[call.Op]
	before, after := f.before, f.after
	f.mu.Unlock()
	if before != nil {
		before(ctx, call)
	}
	return call, func(call Call) {
		if after != nil {
			after(ctx, call)
		}
	}
}

// strike returns the faults that hit a call with these entries, by entry.
func (f *Faults) strike(op Op, entries []string) map[string]*Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	hits := map[string]*Fault{}
	for _, p := range f.planted {
		if p.Op != op || p.Entry != wholeCall && !slices.Contains(entries, p.Entry) {
			continue
		}
		p.seen++
		nth := max(p.Nth, 1)
		if p.seen == nth || p.seen > nth && p.Always {
			p.fired = true
			if hits[p.Entry] == nil {
				hits[p.Entry] = &p.Fault
			}
		}
	}
	return hits
}

// entries carries out a call with results by entry. do passes on the entries
// with the given indexes.
func (f *Faults) entries(ctx context.Context, call Call, names []string, do func(keep []int) []error) []error {
	call, after := f.begin(ctx, call)
	hits := f.strike(call.Op, names)
	errs := make([]error, len(names))
	var keep []int
	for i, name := range names {
		hit := hits[wholeCall]
		if hit == nil && name != wholeCall {
			hit = hits[name]
		}
		if hit != nil {
			errs[i] = hit.err()
		}
		if hit == nil || hit.Happened {
			keep = append(keep, i)
		}
	}
	if len(keep) > 0 || len(names) == 0 {
		inner := do(keep)
		if len(names) == 0 {
			errs = inner // the queue says what it thinks of no entries
		}
		for j, i := range keep {
			if errs[i] == nil && inner != nil {
				errs[i] = inner[j]
			}
		}
	}
	call.Errs = errs
	if queue.First(errs) == nil {
		call.Errs = nil
	}
	after(call)
	return call.Errs
}

// remember lets handles be named by the ids of their messages.
func (f *Faults) remember(ds []queue.Delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range ds {
		f.ids[d.Handle] = d.DedupID
	}
}

// namesOf are the deduplication ids of handles; "" for unknown ones.
func (f *Faults) namesOf(handles []string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := make([]string, len(handles))
	for i, h := range handles {
		names[i] = f.ids[h]
	}
	return names
}

func pick[T any](list []T, indexes []int) []T {
	picked := make([]T, len(indexes))
	for j, i := range indexes {
		picked[j] = list[i]
	}
	return picked
}
