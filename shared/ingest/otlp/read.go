package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	profilespb "go.opentelemetry.io/proto/otlp/profiles/v1development"

	"github.com/pyrocumulus/pyrocumulus/shared/pprof"
)

// MaxRequestBytes is the largest request that is read, uncompressed. Collectors
// can be told to send smaller batches.
const MaxRequestBytes = 16 << 20

// maxItems is how many messages and strings a request may consist of: one of
// two bytes takes a hundred and more in memory.
const maxItems = 1 << 20

// Read reads a request in protobuf. (ProfilesData and the request of the
// collector's service are the same on the wire.)
func Read(body []byte) (*profilespb.ProfilesData, error) {
	data := &profilespb.ProfilesData{}
	left := maxItems
	if err := count(body, data.ProtoReflect().Descriptor(), &left, 0); err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(body, data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return data, nil
}

// ReadJSON reads a request in JSON.
func ReadJSON(body []byte) (*profilespb.ProfilesData, error) {
	if n := bytes.Count(body, []byte{'{'}); n > maxItems {
		return nil, tooMany(n)
	}
	data := &profilespb.ProfilesData{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: maxDepth}).Unmarshal(body, data); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	// OTLP writes ids in hexadecimal, protobuf reads base64.
	for _, l := range data.GetDictionary().GetLinkTable() {
		l.TraceId, l.SpanId = hexID(l.GetTraceId(), 16), hexID(l.GetSpanId(), 8)
	}
	return data, nil
}

// hexID returns an id of n bytes that was written in hexadecimal and read as
// base64; others as they are.
func hexID(read []byte, n int) []byte {
	if len(read) != n*2*3/4 {
		return read
	}
	id, err := hex.DecodeString(base64.StdEncoding.EncodeToString(read))
	if err != nil {
		return read
	}
	return id
}

// maxDepth is how deep messages may be in each other; only values can be deeper
// than the profiles themselves.
const maxDepth = 64

// count goes over a message without reading it and takes its parts off left.
func count(b []byte, message protoreflect.MessageDescriptor, left *int, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: messages are too deep in each other", ErrMalformed)
	}
	fields := message.Fields()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(n))
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return fmt.Errorf("%w: %w", ErrMalformed, protowire.ParseError(size))
		}
		value := b[n : n+size]
		b = b[n+size:]
		if kind != protowire.BytesType {
			continue
		}
		if *left--; *left < 0 {
			return tooMany(maxItems + 1)
		}
		field := fields.ByNumber(number)
		if field == nil || field.Message() == nil {
			continue
		}
		inner, _ := protowire.ConsumeBytes(value)
		if err := count(inner, field.Message(), left, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func tooMany(n int) error {
	return &pprof.LimitError{Limit: "maxItems", What: "messages and strings in one request", Actual: int64(n), Max: maxItems}
}
