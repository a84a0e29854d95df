package engine

import "fmt"

// Spread makes a report of some of the points of a time series one of all of
// them: the points of from become those that stand at the same times in to. The
// steps must be equal, and the points of from be among those of to. Reports
// without series stay as they are.
func (r *Report) Spread(from, to *Grouping) error {
	f, t := &from.Buckets, &to.Buckets
	if r.Series == nil || *f == *t {
		return nil
	}
	at := (f.Start - t.Start) / max(t.Step, 1)
	if f.Step != t.Step || t.Start+at*t.Step != f.Start || at < 0 || at+int64(f.Count) > int64(t.Count) {
		return fmt.Errorf("BUG: points %+v are not among %+v", *f, *t)
	}
	if err := checkPoints(to, len(r.Series)); err != nil {
		return err
	}
	for _, s := range r.Series {
		points := make([]Sum, t.Count)
		copy(points[at:], s.Points)
		s.Points = points
		if s.Exemplars != nil {
			exemplars := make([]*Exemplar, t.Count)
			copy(exemplars[at:], s.Exemplars)
			s.Exemplars = exemplars
		}
	}
	return nil
}
