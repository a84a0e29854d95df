package profile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ID identifies one stored profile: what one pprof holds for one series. It
// follows from the content, so that the same push sent twice is one profile,
// and two different profiles of the same series and time are two. Clients see
// it as a UUID (exemplars, profile_id_selector).
type ID [16]byte

// PushID is the id of a pushed profile before it is split into series: a hash
// of tenant, labels, time (Unix nanoseconds) and content.
func PushID(tenant TenantID, ls Labels, timeNanos int64, content []byte) ID {
	h := sha256.New()
	part := func(s string) {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		_, _ = h.Write([]byte(s))
	}
	part(string(tenant))
	_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(ls))))
	for _, l := range ls {
		part(l.Name)
		part(l.Value)
	}
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(timeNanos)))
	_, _ = h.Write(content)
	return uuid(h.Sum(nil))
}

// ForSeries is the id of the part of a push that belongs to one of its series.
// The part for the series that bears the labels of the push itself keeps the
// id of the push.
func (id ID) ForSeries(pushed, series Labels) ID {
	if pushed.Equal(series) {
		return id
	}
	h := sha256.New()
	_, _ = h.Write(id[:])
	for _, l := range series {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(l.Name))))
		_, _ = h.Write([]byte(l.Name))
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(l.Value))))
		_, _ = h.Write([]byte(l.Value))
	}
	return uuid(h.Sum(nil))
}

// uuid shapes a hash as an RFC 9562 UUID of version 8 ("custom").
func uuid(hash []byte) ID {
	var id ID
	copy(id[:], hash)
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseID reads a UUID with or without hyphens.
func ParseID(s string) (ID, error) {
	var id ID
	compact := s
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		compact = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	if len(compact) != 32 {
		return id, fmt.Errorf("profile id %q is not a UUID", s)
	}
	if _, err := hex.Decode(id[:], []byte(compact)); err != nil {
		return id, fmt.Errorf("profile id %q is not a UUID", s)
	}
	return id, nil
}

// String is the id as a UUID.
func (id ID) String() string {
	x := hex.EncodeToString(id[:])
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
