package ingest

import (
	"encoding/binary"
	"encoding/hex"
)

// session returns the label __session_id__ for the one that the SDK of a process
// sent, and whether there is to be one. A process draws its id at random; of
// these there are at most so many values in a series, since each makes another
// series. An id that is none of the SDK's, 16 hexadecimal digits, is dropped.
func session(sent string, most int) (string, bool) {
	var id [8]byte
	if most <= 0 || len(sent) != hex.EncodedLen(len(id)) {
		return "", false
	}
	if _, err := hex.Decode(id[:], []byte(sent)); err != nil {
		return "", false
	}
	binary.LittleEndian.PutUint64(id[:], binary.LittleEndian.Uint64(id[:])%uint64(most))
	return hex.EncodeToString(id[:]), true
}
