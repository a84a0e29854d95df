package boltqueue

import (
	"encoding/binary"
	"errors"
)

// record is what the file has of a message besides its body: sent (8 bytes),
// size (4), length of the group (1), group, deduplication id.
type record struct {
	sent    int64 // Unix milliseconds
	size    uint32
	group   string
	dedupID string
}

const recordHead = 8 + 4 + 1

func (r record) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(r.sent))
	b = binary.BigEndian.AppendUint32(b, r.size)
	b = append(b, byte(len(r.group)))
	b = append(b, r.group...)
	return append(b, r.dedupID...)
}

// parseRecord copies what it keeps: bbolt's bytes do not outlive a transaction.
func parseRecord(b []byte) (record, error) {
	if len(b) < recordHead || len(b) < recordHead+int(b[12]) {
		return record{}, errors.New("record too short")
	}
	n := recordHead + int(b[12])
	return record{
		sent:    int64(binary.BigEndian.Uint64(b)),
		size:    binary.BigEndian.Uint32(b[8:]),
		group:   string(b[recordHead:n]),
		dedupID: string(b[n:]),
	}, nil
}

// seqKey is the key of a message or body; keys sort as sequences do.
func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// dedupFileKey sorts by the end of the window, for pruning from the front.
func dedupFileKey(ends int64, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(ends)), seq)
}
