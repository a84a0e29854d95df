package resultcache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"

	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

// version is that of results. Whoever changes what a report has, how it is
// written, or what a task means, adds one: results of others are not found then.
const version = 1

// folder is where results lie below a tenant.
const folder = "/results/"

// Prefix is what the keys of all results of a tenant begin with.
func Prefix(tenant profile.TenantID) string { return string(tenant) + folder }

// name returns the name of the report of a task, whose time is that of slices,
// from the blocks of that time. The ids must be in order.
func name(t *engine.Task, ids []identity) string {
	h := sha256.New()
	task := t.Append([]byte{version})
	h.Write(binary.AppendUvarint(nil, uint64(len(task))))
	h.Write(task)
	for i := range ids {
		if ids[i].to < t.From || ids[i].from > t.To {
			continue
		}
		h.Write(ids[i].sum[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

var errDamaged = errors.New("the result is damaged")

// seal puts a checksum in front of the wire form of a report.
func seal(r *engine.Report) []byte {
	b := r.Append(make([]byte, 4))
	binary.LittleEndian.PutUint32(b, crc32.ChecksumIEEE(b[4:]))
	return b
}

// unseal reads what seal has written.
func unseal(b []byte, t engine.Task) (*engine.Report, error) {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != crc32.ChecksumIEEE(b[4:]) {
		return nil, errDamaged
	}
	return engine.ParseReport(b[4:], t)
}
