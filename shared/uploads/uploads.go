// Package uploads says where bodies wait that are too large for one request:
// clients put them into the object store by a URL that allows just that, and
// name them in the request instead of sending them.
package uploads

import (
	"crypto/rand"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

const (
	// Validity is how long a URL may be used.
	Validity = 15 * time.Minute
	// MaxAge is how long a body waits at most; then it is deleted, whether it
	// was used or not.
	MaxAge = 24 * time.Hour
)

// Prefix is how the keys of a tenant's bodies begin.
func Prefix(tenant profile.TenantID) string { return string(tenant) + "/uploads/" }

// Key is where the body of an id is.
func Key(tenant profile.TenantID, id string) string { return Prefix(tenant) + id }

// idLength is the length of an id: 130 random bits.
const idLength = 26

// NewID returns an id that cannot be guessed.
func NewID() string { return rand.Text() }

// IsID reports whether NewID may have returned the id.
func IsID(id string) bool {
	for _, c := range []byte(id) {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return len(id) == idLength
}
