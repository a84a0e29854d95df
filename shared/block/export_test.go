package block

// SetMaxFetch sets how many bytes of a block are held at a time.
func (r *Reader) SetMaxFetch(n int64) { r.maxFetch = n }
