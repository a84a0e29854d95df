package recording

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// labelSpanName is the name of the span that a sample was taken in.
const labelSpanName = "span_name"

// MaxLabelsBytes is the largest snapshot of labels that ReadLabels takes.
const MaxLabelsBytes = 16 << 20

// ErrLabels is wrapped by the errors of ReadLabels.
var ErrLabels = errors.New("malformed snapshot of labels")

// Labels are the labels that samples have by their context. The agent makes a
// new context each time that labels are set, so most are of equal labels; they
// become one set.
type Labels struct {
	strings  map[int64]string
	contexts map[int64]uint32
	sets     [][]pair // from 1 on
	known    map[string]uint32
}

// pair is the name and the value of a label, keys of strings.
type pair struct{ name, value int64 }

// ReadLabels reads the message that the Java agent sends along with a recording:
//
//	message LabelsSnapshot { map<int64, Context> contexts = 1; map<int64, string> strings = 2; }
//	message Context { map<int64, int64> labels = 1; }
func ReadLabels(message []byte) (*Labels, error) {
	if len(message) > MaxLabelsBytes {
		return nil, fmt.Errorf("%w: it has %d bytes, more than %d", ErrLabels, len(message), MaxLabelsBytes)
	}
	ls := &Labels{
		strings: make(map[int64]string), contexts: make(map[int64]uint32),
		sets: make([][]pair, 1), known: make(map[string]uint32),
	}
	err := entries(message, func(field protowire.Number, key int64, value []byte, _ int64) error {
		switch field {
		case 1:
			set, err := ls.readSet(value)
			ls.contexts[key] = set
			return err
		case 2:
			ls.strings[key] = strings.ToValidUTF8(string(value), "\uFFFD")
		}
		return nil
	})
	ls.known = nil
	return ls, err
}

// readSet reads a context and returns the number of its set.
func (ls *Labels) readSet(context []byte) (uint32, error) {
	var set []pair
	err := entries(context, func(field protowire.Number, name int64, _ []byte, value int64) error {
		if field == 1 {
			set = append(set, pair{name, value})
		}
		return nil
	})
	if err != nil || len(set) == 0 {
		return 0, err
	}
	slices.SortFunc(set, func(a, b pair) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value)) })
	var id []byte
	for _, p := range set {
		id = binary.AppendVarint(binary.AppendVarint(id, p.name), p.value)
	}
	at, ok := ls.known[string(id)]
	if !ok {
		at = uint32(len(ls.sets))
		ls.sets = append(ls.sets, set)
		ls.known[string(id)] = at
	}
	return at, nil
}

// set returns the set of a context; 0 has no labels.
func (ls *Labels) set(context int64) uint32 { return ls.contexts[context] }

// of returns the labels of a sample.
func (ls *Labels) of(key sampleKey) []label {
	var out []label
	if key.set > 0 {
		for _, p := range ls.sets[key.set] {
			out = append(out, label{ls.strings[p.name], ls.strings[p.value]})
		}
	}
	if key.span != 0 {
		out = append(out, label{profile.LabelSpanID, fmt.Sprintf("%016x", uint64(key.span))})
	}
	if name := ls.strings[key.spanName]; key.spanName != 0 && name != "" {
		out = append(out, label{labelSpanName, name})
	}
	if key.traceHigh != 0 || key.traceLow != 0 {
		out = append(out, label{profile.LabelTraceID, fmt.Sprintf("%016x%016x", uint64(key.traceHigh), uint64(key.traceLow))})
	}
	return out
}

// entries calls visit for each entry of the maps in a message: the field of the
// map, the key, and the value as bytes or as a number.
func entries(message []byte, visit func(field protowire.Number, key int64, value []byte, number int64) error) error {
	for len(message) > 0 {
		field, wire, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrLabels, protowire.ParseError(n))
		}
		message = message[n:]
		if wire != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(field, wire, message); n < 0 {
				return fmt.Errorf("%w: %w", ErrLabels, protowire.ParseError(n))
			}
			message = message[n:]
			continue
		}
		entry, n := protowire.ConsumeBytes(message)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrLabels, protowire.ParseError(n))
		}
		message = message[n:]
		key, value, number, err := readEntry(entry)
		if err != nil {
			return err
		}
		if err := visit(field, key, value, number); err != nil {
			return err
		}
	}
	return nil
}

// readEntry reads an entry of a map.
func readEntry(entry []byte) (key int64, value []byte, number int64, err error) {
	for len(entry) > 0 {
		field, wire, n := protowire.ConsumeTag(entry)
		if n < 0 {
			return 0, nil, 0, fmt.Errorf("%w: %w", ErrLabels, protowire.ParseError(n))
		}
		entry = entry[n:]
		var v uint64
		switch {
		case wire == protowire.VarintType && field == 1:
			v, n = protowire.ConsumeVarint(entry)
			key = int64(v)
		case wire == protowire.VarintType && field == 2:
			v, n = protowire.ConsumeVarint(entry)
			number = int64(v)
		case wire == protowire.BytesType && field == 2:
			value, n = protowire.ConsumeBytes(entry)
		default:
			n = protowire.ConsumeFieldValue(field, wire, entry)
		}
		if n < 0 {
			return 0, nil, 0, fmt.Errorf("%w: %w", ErrLabels, protowire.ParseError(n))
		}
		entry = entry[n:]
	}
	return key, value, number, nil
}
