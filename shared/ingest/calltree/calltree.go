// Package calltree reads the two binary formats of the oldest Pyroscope agents,
// which write call trees from the root down, each node before its children:
//
//	node = length of name, name, value, number of children, children
//
// with numbers as unsigned varints. In a tree a node is a frame. In a trie it
// is a piece of the text "frame;frame;frame", which may end anywhere.
package calltree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
)

// ErrSyntax is wrapped by the errors about a body that is not of the form.
// Other errors are those of the builder: the profile is too large.
var ErrSyntax = errors.New("malformed profile")

var (
	errCut   = fmt.Errorf("%w: it ends too early", ErrSyntax)
	errLong  = fmt.Errorf("%w: it goes on behind the root", ErrSyntax)
	errValue = fmt.Errorf("%w: a value is too large", ErrSyntax)
	errText  = fmt.Errorf("%w: a name is not text", ErrSyntax)
)

// node is a node of either format, without its children.
type node struct {
	name     []byte // part of the body
	value    int64
	children uint64
}

// reader reads nodes. Memory is needed for a path only, never for what a
// number announces.
type reader struct{ rest []byte }

func (r *reader) node() (node, error) {
	size, err := r.number()
	if err != nil {
		return node{}, err
	}
	if size > uint64(len(r.rest)) {
		return node{}, errCut
	}
	n := node{name: r.rest[:size]}
	r.rest = r.rest[size:]
	value, err := r.number()
	if err != nil {
		return node{}, err
	}
	if value > math.MaxInt64 {
		return node{}, errValue
	}
	n.value = int64(value)
	n.children, err = r.number()
	if n.children > uint64(len(r.rest)) { // each takes some bytes
		return node{}, errCut
	}
	return n, err
}

func (r *reader) number() (uint64, error) {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		return 0, errCut
	}
	r.rest = r.rest[n:]
	return v, nil
}

// level is a node whose children are being read.
type level struct {
	left   uint64 // children that are not read yet
	frames int    // of the stack at the node
}

// Tree reads a tree. The name of its root counts for nothing.
func Tree(body []byte, b *stacks.Builder) error {
	r := reader{rest: body}
	root, err := r.node()
	if err != nil {
		return err
	}
	path := []level{{left: root.children}}
	var stack []stacks.FrameID
	for len(path) > 0 {
		top := &path[len(path)-1]
		stack = stack[:top.frames]
		if top.left == 0 {
			path = path[:len(path)-1]
			continue
		}
		top.left--
		n, err := r.node()
		if err != nil {
			return err
		}
		if !isText(n.name) {
			return errText
		}
		// Children of frames that are too deep count for the last one that is
		// not.
		if len(n.name) > 0 && len(stack) < b.MaxDepth() {
			stack = append(stack, b.Named(n.name))
		}
		if err := b.Add(stack, n.value); err != nil {
			return err
		}
		path = append(path, level{left: n.children, frames: len(stack)})
	}
	return r.end()
}

// end reports what follows the last node.
func (r *reader) end() error {
	if len(r.rest) > 0 {
		return errLong
	}
	return nil
}

func isText(s []byte) bool { return utf8.Valid(s) && bytes.IndexByte(s, 0) < 0 }
