package filestore

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// The path of an object follows from its key alone. Each part of the key (what
// stands between "/") is a directory, the last one a file:
//
//	t/blocks/01arz3  →  objects/t/blocks/01arz3@
//
// Files bear the suffix "@", which no directory does, so that there can be
// objects "a" and "a/b" at once: the file "a@" and the directory "a".
//
// Bytes other than letters, digits and !-_.*'() are escaped as %XX, and so is a
// dot at the start: no name is "." or "..", is hidden, or is changed by a file
// system that normalizes Unicode. An upper-case letter is "^" and the lower-case
// one, since file systems of laptops often take "A" and "a" for the same name.
//
// File systems take names of at most 255 bytes while a part of a key may have
// 1,024. Parts of chunkBytes or more are cut: each full chunk is a directory
// with the suffix "%+", and what is left, which may be nothing ("%"), follows
// in it. As every part that is long enough is cut, two names of one directory
// never stand for the start of the same key, which the order of List needs.

const (
	objectSuffix = "@"
	moreSuffix   = "%+"
	emptyName    = "%"
	// chunkBytes leaves room for chunks of which each byte is escaped.
	chunkBytes = 80
)

// objectPath is the path of the file of a key, relative to objects/.
func objectPath(key string) string {
	i := strings.LastIndexByte(key, '/')
	return dirPath(key[:i+1]) + chunks(key[i+1:]) + objectSuffix
}

// dirPath is the path of the directory in which all keys lie that begin with
// prefix, which is empty or ends with "/". It is empty or ends with a separator.
func dirPath(prefix string) string {
	var b strings.Builder
	for part := range strings.SplitAfterSeq(prefix, "/") {
		if part, ok := strings.CutSuffix(part, "/"); ok {
			b.WriteString(chunks(part))
			b.WriteByte(filepath.Separator)
		}
	}
	return b.String()
}

// chunks is the path of one part of a key.
func chunks(part string) string {
	var b strings.Builder
	for ; len(part) >= chunkBytes; part = part[chunkBytes:] {
		escape(&b, part[:chunkBytes])
		b.WriteString(moreSuffix)
		b.WriteByte(filepath.Separator)
	}
	if part == "" {
		b.WriteString(emptyName)
	}
	escape(&b, part)
	return b.String()
}

func escape(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isPlain(c) && (c != '.' || i > 0) {
			b.WriteByte(c)
			continue
		}
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('^')
			b.WriteByte(c + 'a' - 'A')
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!-_.*'()", c) >= 0
}

// entry is what a name in a directory under objects/ stands for: an object, or
// a directory of all keys that begin with start.
type entry struct {
	name   string
	start  string // the key, or what the keys within begin with
	object bool
}

// parseName tells what a name stands for in the directory of the keys that
// begin with base. It reports false for names that we do not give.
func parseName(base, name string) (entry, bool) {
	e := entry{name: name}
	more := false
	chunk := name
	if chunk, e.object = strings.CutSuffix(chunk, objectSuffix); !e.object {
		chunk, more = strings.CutSuffix(chunk, moreSuffix)
	}
	plain, ok := unescape(chunk)
	if !ok || len(plain) > chunkBytes || more != (len(plain) == chunkBytes) {
		return entry{}, false
	}
	e.start = base + plain
	switch {
	case e.object:
		return e, objstore.CheckKey(e.start) == nil
	case !more:
		e.start += "/"
	}
	return e, true
}

// unescape is the inverse of escape and of emptyName, and takes nothing that
// these do not give.
func unescape(s string) (string, bool) {
	if s == emptyName {
		return "", true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '^' {
			if i+1 >= len(s) || s[i+1] < 'a' || s[i+1] > 'z' {
				return "", false
			}
			i++
			c = s[i] - 'a' + 'A'
		} else if c == '%' {
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo)
			i += 2
		}
		out = append(out, c)
	}
	var again strings.Builder
	escape(&again, string(out))
	return string(out), len(out) > 0 && !slices.Contains(out, '/') && again.String() == s
}

func unhex(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }
