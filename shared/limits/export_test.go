package limits

// Known is how many tenants are remembered.
func (t *Tenants) Known() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.known)
}
