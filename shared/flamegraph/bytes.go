package flamegraph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrBadTree is what is wrong with bytes that are no tree.
var ErrBadTree = errors.New("malformed tree bytes")

// AppendTree appends the tree in the form of Pyroscope's TREE answers and
// returns the extended buffer: the nodes from the root on, each before its
// children, as length of the name, name, self value and number of children,
// all numbers as unsigned varints. The root has no name. Truncation is that of
// [Tree.FlameGraph]. An empty tree is no bytes.
func (t *Tree) AppendTree(dst []byte, maxNodes int64) []byte {
	if t.total == 0 {
		return dst
	}
	byNode := column{self: t.self, total: t.Totals()}
	l := t.layOut(maxNodes, byNode)
	c := l.values(byNode)
	todo := []int32{0}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x := l.bars[i]
		name := l.name(x)
		dst = binary.AppendUvarint(dst, uint64(len(name)))
		dst = append(dst, name...)
		dst = binary.AppendUvarint(dst, uint64(c.self[i]))
		dst = binary.AppendUvarint(dst, uint64(x.end-x.first))
		for j := x.end - 1; j >= x.first; j-- {
			todo = append(todo, j)
		}
	}
	return dst
}

// ParseTree reads what [Tree.AppendTree] or Pyroscope wrote. Siblings of the
// same name become one. The error is [ErrBadTree]; what it takes to read is
// bounded by the length of the bytes.
func ParseTree(b []byte) (*Tree, error) {
	t := New()
	if len(b) == 0 {
		return t, nil
	}
	type open struct {
		node Node
		left uint64 // children to come
	}
	r := treeReader{b: b}
	_, self, children := r.node()
	t.AddSelf(Root, self)
	path := []open{{Root, children}}
	for r.err == nil && len(path) > 0 {
		last := &path[len(path)-1]
		if last.left == 0 {
			path = path[:len(path)-1]
			continue
		}
		last.left--
		name, self, children := r.node()
		if r.err != nil {
			break
		}
		n := t.Child(last.node, t.names.internBytes(name))
		t.AddSelf(n, self)
		path = append(path, open{n, children})
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes behind the end", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	return t, nil
}

// treeReader reads nodes until the first error.
type treeReader struct {
	b   []byte
	err error
}

func (r *treeReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrBadTree}, args...)...)
	}
}

func (r *treeReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("a number is cut short or too large")
		r.b = nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *treeReader) node() (name []byte, self int64, children uint64) {
	size := r.uvarint()
	if size > uint64(len(r.b)) {
		r.fail("a name of %d bytes in %d", size, len(r.b))
		return nil, 0, 0
	}
	name, r.b = r.b[:size], r.b[size:]
	value := r.uvarint()
	if value > math.MaxInt64 {
		r.fail("value %d is too large", value)
	}
	children = r.uvarint()
	if children > uint64(len(r.b)) {
		r.fail("%d children in %d bytes", children, len(r.b))
	}
	return name, int64(value), children
}
