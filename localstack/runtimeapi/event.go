package runtimeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const (
	// maxWaiting is how many asynchronous events wait or are being handled.
	maxWaiting = 1000
	// throttledPause is the first wait of an asynchronous event that finds no
	// environment; it doubles.
	throttledPause = 100 * time.Millisecond
	longestPause   = 5 * time.Second
)

// InvokeEvent gives the function an event without waiting for an answer. An
// event that finds all environments busy waits for one, for EventAge at most.
// One that fails is given again, EventRetries times; then it is lost.
//
// The error is one of Invoke's that can be told at once; ErrThrottled means that
// too many events wait.
func (h *Host) InvokeEvent(name string, event []byte) error {
	p, err := h.check(name, event, MaxEventBytes)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return fmt.Errorf("invoke %s: %w", name, ErrClosed)
	case h.waiting >= maxWaiting:
		return fmt.Errorf("invoke %s: %w", name, ErrThrottled)
	}
	h.waiting++
	h.running.Go(func() {
		h.deliver(p, event)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.waiting--
	})
	return nil
}

// deliver has the event handled, sooner or later.
func (h *Host) deliver(p *pool, event []byte) {
	retry := p.function.RetryDelay
	for range p.function.EventRetries + 1 {
		result, err := h.patiently(p, event)
		if err == nil && result.FunctionError == "" {
			return
		}
		if errors.Is(err, ErrThrottled) || errors.Is(err, ErrClosed) || !h.sleep(retry) {
			break
		}
		retry *= 2
	}
}

// patiently invokes until an environment is free or the event is too old.
func (h *Host) patiently(p *pool, event []byte) (Result, error) {
	until := time.Now().Add(p.function.EventAge)
	for pause := throttledPause; ; pause = min(2*pause, longestPause) {
		result, err := p.invoke(event)
		if !errors.Is(err, ErrThrottled) || time.Now().After(until) || !h.sleep(pause) {
			return result, err
		}
	}
}

// scheduled is the event of a schedule of which nothing is said.
const scheduled = `{"source":"aws.scheduler"}`

// Every invokes the function now and after each period, as EventBridge
// Scheduler does, whether or not it is done with the event before; nil is for
// the event of a schedule without one of its own. It returns when ctx ends.
func (h *Host) Every(ctx context.Context, name string, period time.Duration, event json.RawMessage) error {
	if event == nil {
		event = json.RawMessage(scheduled)
	}
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		// A schedule whose function is too busy for its events loses them.
		if err := h.InvokeEvent(name, event); err != nil && !errors.Is(err, ErrThrottled) {
			return fmt.Errorf("schedule: %w", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
