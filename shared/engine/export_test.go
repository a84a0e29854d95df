package engine

// Sums is over which steps sums answer the task; nil is none.
func (t *Task) Sums() func(step int64) bool {
	switch t.Want {
	case WantTree, WantMerged:
		return t.Query.sums()
	case WantSeries:
		return t.Grouping.sums(&t.Query)
	}
	return nil
}
