package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// redriven begins the deduplication ids of messages that were moved back from a
// queue of dead letters.
const redriven = "redriven-"

// RedriveID is the deduplication id with which a dead letter is sent again. The
// one that it had will not do: within the window that message would be taken for
// a duplicate of itself, and be lost. This one is the same for each attempt to
// move the same dead letter, so that an attempt after an interrupted one sends
// nothing twice, and another one when the message has become a dead letter
// again, as it has been sent anew since.
func RedriveID(d Delivery) string {
	text := fmt.Sprintf("%s\n%s\n%d", d.DedupID, d.Sequence, d.SentAt.UnixMilli())
	sum := sha256.Sum256([]byte(text))
	return redriven + hex.EncodeToString(sum[:])
}

// Receives is what an adapter tells as Delivery.Receives of a message that was
// received n times from this queue. One that was moved back from a queue of dead
// letters was received before it got there, as often as that takes, and may have
// been processed then.
func Receives(dedupID string, n int) int {
	if strings.HasPrefix(dedupID, redriven) {
		return n + 1
	}
	return n
}
