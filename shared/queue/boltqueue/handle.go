package boltqueue

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// handle is a receipt handle: which message, and which receive of it.
type handle struct {
	seq   uint64
	nonce uint64
}

// handleBytes is the length of a handle before base64: file id, seq, nonce.
const handleBytes = 24

func (q *Queue) formatHandle(h handle) string {
	b := make([]byte, 0, handleBytes)
	b = append(b, q.id[:]...)
	b = binary.BigEndian.AppendUint64(b, h.seq)
	b = binary.BigEndian.AppendUint64(b, h.nonce)
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseHandle refuses what this queue never gave out.
func (q *Queue) parseHandle(s string) (handle, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != handleBytes || [8]byte(b[:8]) != q.id {
		return handle{}, fmt.Errorf("%w: not a handle of this queue", queue.ErrHandle)
	}
	return handle{binary.BigEndian.Uint64(b[8:16]), binary.BigEndian.Uint64(b[16:])}, nil
}
