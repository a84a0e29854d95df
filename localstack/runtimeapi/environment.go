package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// environment is a process of a function, and the Runtime API that it speaks
// to: each has a port of its own, so that nothing else can answer for it.
type environment struct {
	function Function
	process  *process
	log      *logWriter
	server   *http.Server
	work     chan *invocation // to a process that asks for the next event
	ready    chan struct{}    // closed when it asks for the first time
	used     bool             // it was started for an event, which run has seen

	mu        sync.Mutex
	asked     bool
	current   *invocation
	initError *Error // what the process said about its failed start
}

// invocation is an event that a function is to handle.
type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	result   Result
	answered bool
	complete chan struct{} // closed when it was answered and the process asks for more
}

// startEnvironment starts a process; log gets what it writes.
func startEnvironment(f Function, id string, log *functionLog) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for an environment of %s: %w", f.Name, err)
	}
	e := &environment{
		function: f, log: &logWriter{log: log}, work: make(chan *invocation), ready: make(chan struct{}),
	}
	e.server = &http.Server{Handler: e.runtimeAPI(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = e.server.Serve(listener) }() // until it is closed
	e.process, err = startProcess(f, f.variables(listener.Addr().String(), id), e.log)
	if err != nil {
		_ = e.server.Close()
		return nil, fmt.Errorf("function %s: %w", f.Name, err)
	}
	go func() {
		<-e.process.ended
		_ = e.server.Close()
	}()
	return e, nil
}

// run hands the event over and waits until the environment is done with it. An
// environment that fails by more than an error of the function's is ended.
func (e *environment) run(inv *invocation) {
	e.log.begin()
	defer func() {
		inv.result.PeakMemory = e.process.measure()
		inv.result.LogTail = e.log.end()
	}()
	if !e.awaitStart(inv) {
		return
	}
	begun := time.Now()
	inv.deadline = begun.Add(e.function.Timeout)
	timer := time.NewTimer(e.function.Timeout)
	defer timer.Stop()
	defer func() { inv.result.Duration = time.Since(begun) }()
	select {
	case e.work <- inv:
	case <-e.process.ended:
		e.describeEnd(inv)
		return
	case <-timer.C:
		e.timeOut(inv)
		return
	}
	select {
	case <-inv.complete:
	case <-e.process.ended:
		e.describeEnd(inv)
	case <-timer.C:
		e.timeOut(inv)
	}
}

// awaitStart waits until the process asks for its first event.
func (e *environment) awaitStart(inv *invocation) bool {
	if e.used {
		return true // though it may have ended meanwhile
	}
	e.used = true
	timer := time.NewTimer(e.function.InitTimeout - time.Since(e.process.started))
	defer timer.Stop()
	inv.result.ColdStart = true
	defer func() { inv.result.Init = time.Since(e.process.started) }()
	select {
	case <-e.ready:
		return true
	case <-e.process.ended:
		e.describeEnd(inv)
	case <-timer.C:
		e.end()
		inv.result.fail(TypeTimeout, "Initialization timed out after %.2f seconds", e.function.InitTimeout.Seconds())
	}
	return false
}

// timeOut ends the environment of an invocation that took too long.
func (e *environment) timeOut(inv *invocation) {
	e.end()
	e.mu.Lock()
	defer e.mu.Unlock()
	inv.answered = true
	inv.result.fail(TypeTimeout, "Task timed out after %.2f seconds", e.function.Timeout.Seconds())
}

// describeEnd says how the process ended, unless it had answered before.
func (e *environment) describeEnd(inv *invocation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case inv.answered:
	case e.initError != nil:
		inv.result.fail(e.initError.Type, "%s", e.initError.Message)
	case e.process.tooLarge.Load():
		inv.result.fail(TypeExit, "Runtime exited with error: signal: killed: more than %d MB of memory", e.function.MemoryMiB)
	default:
		inv.result.fail(TypeExit, "Runtime exited with error: %s", describe(e.process.state))
	}
	inv.answered = true
}

func describe(state *os.ProcessState) string {
	if state == nil {
		return "unknown"
	}
	return state.String()
}

// end kills the process and waits until it is gone.
func (e *environment) end() {
	e.process.kill()
	<-e.process.ended
}

// alive reports whether the environment can take another event.
func (e *environment) alive() bool {
	select {
	case <-e.process.ended:
		return false
	default:
		return true
	}
}

// next is called when the process asks for an event: what it had before is
// complete now. It returns the event, or an error if ctx ends.
func (e *environment) next(ctx context.Context) (*invocation, error) {
	e.mu.Lock()
	if !e.asked {
		e.asked = true
		close(e.ready)
	}
	if e.current != nil {
		if !e.current.answered {
			e.mu.Unlock()
			return nil, errors.New("the event before was not answered")
		}
		close(e.current.complete)
		e.current = nil
	}
	e.mu.Unlock()
	select {
	case inv := <-e.work:
		e.mu.Lock()
		e.current = inv
		e.mu.Unlock()
		return inv, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answer records the answer of the invocation with the id, if it is the
// current one and has none.
func (e *environment) answer(id string, record func(*Result)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == nil || e.current.id != id || e.current.answered {
		return fmt.Errorf("%s is no event that waits for an answer", id)
	}
	e.current.answered = true
	record(&e.current.result)
	return nil
}
