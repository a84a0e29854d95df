package objstore

import (
	"context"
	"time"
)

// Presigner makes URLs by which somebody without credentials can store one
// object.
type Presigner interface {
	// PresignPut returns a request that stores an object of exactly size bytes
	// under key, for as long as valid says from now on. It may be sent again;
	// whether a second one with other content replaces the object or is refused
	// is the store's affair.
	PresignPut(ctx context.Context, key string, size int64, valid time.Duration) (PresignedPut, error)
}

// PresignedPut is a request with the method PUT.
type PresignedPut struct {
	// URL may begin with a slash, if the store is where the request for it went.
	URL    string
	Header map[string]string // that the request must have
}
