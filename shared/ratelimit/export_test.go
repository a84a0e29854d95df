package ratelimit

// Known is how many tenants a limiter remembers.
func (l *Limiter) Known() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.tenants)
}
