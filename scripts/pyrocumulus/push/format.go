package push

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"
	"unicode/utf8"
)

// autoFormat is the -format of files that tell by their content what they are.
const autoFormat = "auto"

func formats() []string {
	return []string{autoFormat, "pprof", "folded", "lines", "tree", "trie", "jfr", "speedscope"}
}

// looked is how much of a file is looked at to tell its format.
const looked = 1 << 20

// stack is a line of folded stacks.
var stack = regexp.MustCompile(`^\s*\S.*[ \t]\d+\s*$`)

// detect tells the format of a file by its content. What cannot be told from a
// pprof is taken for one, and for the server to judge.
func detect(body []byte) (string, error) {
	head, err := unpacked(body)
	if err != nil {
		return "", err
	}
	text := bytes.TrimSpace(head)
	switch {
	case len(text) == 0:
		return "", errors.New("it is empty")
	case bytes.HasPrefix(head, []byte("FLR\x00")):
		return "jfr", nil
	case text[0] == '{' && bytes.Contains(text, []byte(`"flamebearer"`)):
		return "", errors.New("it is a flame graph in JSON, which cannot be pushed: the page at / shows such files")
	case text[0] == '{' && bytes.Contains(text, []byte(`"profiles"`)):
		return "speedscope", nil
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if !isText(line) {
		return "pprof", nil
	}
	if stack.Match(line) {
		return "folded", nil
	}
	return "", errors.New("it is neither a pprof, nor folded stacks (\"main;work 12\"), nor JFR, nor speedscope; if it is in another format, name it with -format")
}

// isText reports whether all of a line is printed.
func isText(line []byte) bool {
	if !utf8.Valid(line) {
		return false
	}
	return !bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' })
}

// unpacked is the beginning of a file, without gzip.
func unpacked(body []byte) ([]byte, error) {
	if !isGzip(body) {
		return body[:min(len(body), looked)], nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("it is no whole gzip: %w", err)
	}
	head, err := bufio.NewReaderSize(z, looked).Peek(looked)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("it is no whole gzip: %w", err)
	}
	return head, nil
}

func isGzip(body []byte) bool { return bytes.HasPrefix(body, []byte{0x1f, 0x8b}) }

// retimed gives a pprof another time. Of a field that is there twice protobuf
// takes the last one, and gzip goes on after its end, so that nothing has to be
// decoded.
func retimed(body []byte, at time.Time) ([]byte, error) {
	const timeNanos = 9 << 3 // the tag of a varint
	field := binary.AppendUvarint([]byte{timeNanos}, uint64(at.UnixNano()))
	if !isGzip(body) {
		return append(bytes.Clone(body), field...), nil
	}
	out := bytes.NewBuffer(bytes.Clone(body))
	z := gzip.NewWriter(out)
	if _, err := z.Write(field); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
