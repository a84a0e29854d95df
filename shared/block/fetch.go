package block

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

const (
	// WholeBytes is the size up to which an object is read in one request,
	// whatever is wanted of it: on S3 the time to the first byte buys about
	// this many bytes.
	WholeBytes = 256 << 10
	// maxGap is how many unwanted bytes between two wanted ranges are read
	// along rather than paying for a request more: at the list prices of S3
	// and Lambda a GET costs as much as the time to read about this much.
	maxGap = 64 << 10
	// maxRequests is how many requests of one block run at once.
	maxRequests = 16
)

// fetcher reads ranges of one object: asked for first, fetched together.
type fetcher struct {
	store objstore.Reader
	key   string
	size  int64
	whole []byte // all of the object, if it was read at once

	wants  []Extent
	pieces []piece // what the last fetch read, by offset
}

// wanted is how many bytes were asked for.
func (f *fetcher) wanted() (n int64) {
	for _, e := range f.wants {
		n += e.Length
	}
	return n
}

// piece is a range that was read.
type piece struct {
	Extent
	body []byte
}

// want asks for a range.
func (f *fetcher) want(e Extent) {
	if e.Length > 0 {
		f.wants = append(f.wants, e)
	}
}

// fetch reads all ranges asked for, neighbours in one request, requests in
// parallel: one round trip.
func (f *fetcher) fetch(ctx context.Context) error {
	if len(f.wants) == 0 || f.whole != nil {
		f.wants = f.wants[:0]
		return nil
	}
	if f.size <= WholeBytes {
		body, err := f.store.Get(ctx, f.key)
		if err != nil {
			return err
		}
		if int64(len(body)) != f.size {
			return fmt.Errorf("%w: the object has %d bytes, not %d", ErrCorrupt, len(body), f.size)
		}
		f.whole, f.wants = body, f.wants[:0]
		return nil
	}
	f.pieces = coalesce(f.wants)
	f.wants = f.wants[:0]
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(maxRequests)
	for i := range f.pieces {
		p := &f.pieces[i]
		g.Go(func() (err error) {
			p.body, err = f.store.GetRange(ctx, f.key, p.Offset, p.Length)
			return err
		})
	}
	return g.Wait()
}

// coalesce joins ranges that overlap or lie within maxGap of each other.
func coalesce(wants []Extent) []piece {
	slices.SortFunc(wants, func(a, b Extent) int { return cmp.Compare(a.Offset, b.Offset) })
	var out []piece
	for _, e := range wants {
		if n := len(out); n > 0 && e.Offset <= out[n-1].End()+maxGap {
			last := &out[n-1]
			last.Length = max(last.End(), e.End()) - last.Offset
			continue
		}
		out = append(out, piece{Extent: e})
	}
	return out
}

// bytes returns a range that was asked for, out of what was fetched.
func (f *fetcher) bytes(pieces []piece, e Extent) ([]byte, error) {
	if e.Length == 0 {
		return nil, nil
	}
	if f.whole != nil {
		if e.End() > int64(len(f.whole)) {
			return nil, fmt.Errorf("%w: a range lies outside", ErrCorrupt)
		}
		return f.whole[e.Offset:e.End():e.End()], nil
	}
	i, found := slices.BinarySearchFunc(pieces, e.Offset, func(p piece, at int64) int { return cmp.Compare(p.Offset, at) })
	if !found {
		i--
	}
	if i < 0 || e.End() > pieces[i].End() {
		return nil, fmt.Errorf("BUG: bytes %d to %d of %s were not fetched", e.Offset, e.End(), f.key)
	}
	from := e.Offset - pieces[i].Offset
	return pieces[i].body[from : from+e.Length : from+e.Length], nil
}
