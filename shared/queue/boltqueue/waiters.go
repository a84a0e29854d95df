package boltqueue

import "container/list"

// waiters are the Receives that wait for a message, longest first.
type waiters struct{ queue list.List }

// waiter is one waiting Receive.
type waiter struct {
	woken chan struct{} // closed when there may be something for it
	place *list.Element
}

func (w *waiters) len() int { return w.queue.Len() }

func (w *waiters) join() *waiter {
	one := &waiter{woken: make(chan struct{})}
	one.place = w.queue.PushBack(one)
	return one
}

// quit ends the waiting of one, who may have been woken already; then whoever
// calls it must see to it that the next one is woken instead.
func (w *waiters) quit(one *waiter) { w.queue.Remove(one.place) }

// wake wakes up to n waiters. Waking too many is harmless: they look, find
// nothing and wait again.
func (w *waiters) wake(n int) {
	for ; n > 0 && w.queue.Len() > 0; n-- {
		close(w.queue.Remove(w.queue.Front()).(*waiter).woken)
	}
}
