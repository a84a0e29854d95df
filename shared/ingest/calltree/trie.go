package calltree

import (
	"bytes"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest/stacks"
)

// Trie reads a trie. Frames without a name count for nothing. A piece may end
// within a character, so that only whole frames need to be text.
func Trie(body []byte, b *stacks.Builder) error {
	t := trie{reader: reader{rest: body}, b: b}
	root, err := t.node()
	if err != nil {
		return err
	}
	if err := t.enter(root); err != nil {
		return err
	}
	for len(t.path) > 0 {
		top := &t.path[len(t.path)-1]
		if top.left == 0 {
			t.path = t.path[:len(t.path)-1]
			continue
		}
		top.left--
		t.at = top.at
		n, err := t.node()
		if err != nil {
			return err
		}
		if err := t.enter(n); err != nil {
			return err
		}
	}
	return t.end()
}

// trie is a reader with the text of the path to a node. Frames are divided
// where they are first seen, not again for each node that continues them.
type trie struct {
	reader
	b     *stacks.Builder
	path  []trieLevel
	at    position
	text  []byte
	stack []stacks.FrameID
}

// position is how much of the text and of the stack belongs to a node, and
// where in the text the frame begins that the node ends with.
type position struct{ text, frame, frames int }

type trieLevel struct {
	left uint64 // children that are not read yet
	at   position
}

// enter goes from the position of a node to one of its children.
func (t *trie) enter(n node) error {
	if bytes.IndexByte(n.name, 0) >= 0 {
		return errText
	}
	t.stack = t.stack[:t.at.frames]
	t.text = append(t.text[:t.at.text], n.name...)
	for i := t.at.text; i < len(t.text); i++ {
		if t.text[i] == ';' {
			t.push(i)
			t.at.frame = i + 1
		}
	}
	t.at.text, t.at.frames = len(t.text), len(t.stack)
	if n.value > 0 {
		t.push(len(t.text))
		if err := t.b.Add(t.stack, n.value); err != nil {
			return err
		}
	}
	t.path = append(t.path, trieLevel{n.children, t.at})
	return nil
}

// push puts the frame that ends there onto the stack.
func (t *trie) push(end int) {
	if end > t.at.frame && len(t.stack) < t.b.MaxDepth() {
		t.stack = append(t.stack, t.b.Named(t.text[t.at.frame:end]))
	}
}
