package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// What [Host.Invoke] and [Host.InvokeEvent] refuse an event with.
var (
	ErrNotFound   = errors.New("function not found")
	ErrThrottled  = errors.New("rate exceeded: all environments of the function are busy")
	ErrTooLarge   = errors.New("the event is too large")
	ErrNotJSON    = errors.New("the event is no JSON")
	ErrClosed     = errors.New("the host is closed")
	errNotStarted = errors.New("could not be started")
)

// Options of a host. The zero value is usable.
type Options struct {
	// Logs gets every line that a function writes; nil: they are only kept
	// for [Host.Logs].
	Logs io.Writer
}

// Host runs functions.
type Host struct {
	functions map[string]*pool
	ctx       context.Context // of events that wait
	cancel    context.CancelFunc
	running   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	waiting int // asynchronous events
}

// New returns a host of the functions. Close must be called, or their processes
// go on.
func New(o Options, functions ...Function) (*Host, error) {
	h := &Host{functions: make(map[string]*pool, len(functions))}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	var errs []error
	for _, f := range functions {
		errs = append(errs, f.check())
		if h.functions[f.Name] != nil {
			errs = append(errs, fmt.Errorf("function %s is given twice", f.Name))
		}
		h.functions[f.Name] = &pool{function: f.withDefaults(), log: &functionLog{also: o.Logs}}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("make host of functions: %w", err)
	}
	return h, nil
}

// Close kills all environments. Events that wait are lost; those that are being
// handled fail.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	for _, p := range h.functions {
		p.close()
	}
	h.running.Wait()
}

// begin counts something that Close must wait for.
func (h *Host) begin() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	h.running.Add(1)
	return nil
}

// Invoke has the function handle an event and waits for its answer; a failure
// of the function is part of the result. The function goes on when ctx ends
// early, as it does on Lambda when the caller goes away.
//
// The error is ErrNotFound, ErrThrottled, ErrTooLarge, ErrNotJSON, ErrClosed,
// that of ctx, or says why no process could be started.
func (h *Host) Invoke(ctx context.Context, name string, event []byte) (Result, error) {
	p, err := h.check(name, event, MaxPayloadBytes)
	if err != nil {
		return Result{}, err
	}
	if err := h.begin(); err != nil {
		return Result{}, err
	}
	type outcome struct {
		result Result
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		defer h.running.Done()
		result, err := p.invoke(event)
		done <- outcome{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("invoke %s: %w", name, ctx.Err())
	}
}

func (h *Host) check(name string, event []byte, limit int) (*pool, error) {
	p := h.functions[name]
	switch {
	case p == nil:
		return nil, fmt.Errorf("invoke %s: %w", name, ErrNotFound)
	case len(event) > limit:
		return nil, fmt.Errorf("invoke %s: %w: %d bytes are more than %d", name, ErrTooLarge, len(event), limit)
	case len(event) > 0 && !isJSON(event):
		return nil, fmt.Errorf("invoke %s: %w", name, ErrNotJSON)
	}
	return p, nil
}

// Kill ends all environments of a function as kill -9 does, busy or not, and
// returns how many there were.
func (h *Host) Kill(name string) int {
	if p := h.functions[name]; p != nil {
		return p.kill()
	}
	return 0
}

// Processes returns the process ids of a function's environments, for what Kill
// does not do to them.
func (h *Host) Processes(name string) []int {
	if p := h.functions[name]; p != nil {
		return p.processes()
	}
	return nil
}

// Environments returns how many environments a function has, and how many of
// them are busy.
func (h *Host) Environments(name string) (all, busy int) {
	if p := h.functions[name]; p != nil {
		return p.count()
	}
	return 0, 0
}

// Logs returns what a function has written, of megabytes the last.
func (h *Host) Logs(name string) string {
	if p := h.functions[name]; p != nil {
		return p.log.String()
	}
	return ""
}

// sleep waits, unless the host is closed meanwhile.
func (h *Host) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.ctx.Done():
		return false
	}
}
