package runtimeapi

import (
	"bytes"
	"io"
	"sync"
)

const (
	keptLogBytes = 4 << 20 // of a function
	tailBytes    = 4 << 10 // of an invocation, as Lambda has it
)

// functionLog keeps what the environments of a function write.
type functionLog struct {
	mu   sync.Mutex
	kept []byte
	also io.Writer // gets every line; may be nil
}

// line takes a line that ends in a newline.
func (l *functionLog) line(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, b...)
	if over := len(l.kept) - keptLogBytes; over > keptLogBytes {
		l.kept = append([]byte(nil), l.kept[over:]...)
	}
	if l.also != nil {
		_, _ = l.also.Write(b) // nobody to tell
	}
}

func (l *functionLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept)
}

// logWriter is where an environment writes: whole lines go to the log of the
// function.
type logWriter struct {
	log *functionLog

	mu      sync.Mutex
	partial []byte // a line that has not ended
	tail    []byte // of this invocation
}

// Write implements io.Writer; it never fails.
func (w *logWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tail = append(w.tail, b...)
	if over := len(w.tail) - tailBytes; over > 0 {
		w.tail = append([]byte(nil), w.tail[over:]...)
	}
	w.partial = append(w.partial, b...)
	if i := bytes.LastIndexByte(w.partial, '\n'); i >= 0 {
		w.log.line(w.partial[:i+1])
		w.partial = append([]byte(nil), w.partial[i+1:]...)
	}
	return len(b), nil
}

// flush ends a line that the process has left unfinished.
func (w *logWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.partial) > 0 {
		w.log.line(append(w.partial, '\n'))
		w.partial = nil
	}
}

// begin forgets the tail; end returns it.
func (w *logWriter) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tail = nil
}

func (w *logWriter) end() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.tail)
}
