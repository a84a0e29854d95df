package host

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// directPutPath is how the paths of presigned URLs begin.
const directPutPath = "/.objects/"

// directPut is what S3 does with presigned URLs: it stores objects that are not
// sent through a function. URLs end with the process.
type directPut struct {
	store  objstore.Writer
	now    func() time.Time
	secret []byte
}

var _ objstore.Presigner = (*directPut)(nil)

func newDirectPut(store objstore.Writer, now func() time.Time) *directPut {
	return &directPut{store, now, []byte(rand.Text())}
}

func (d *directPut) sign(key, size, expires string) string {
	h := hmac.New(sha256.New, d.secret)
	fmt.Fprintf(h, "%q %q %q", key, size, expires)
	return hex.EncodeToString(h.Sum(nil))
}

// PresignPut is objstore.Presigner's.
func (d *directPut) PresignPut(_ context.Context, key string, size int64, valid time.Duration) (objstore.PresignedPut, error) {
	if err := objstore.CheckKey(key); err != nil {
		return objstore.PresignedPut{}, fmt.Errorf("presign put: %w", err)
	}
	n, expires := strconv.FormatInt(size, 10), strconv.FormatInt(d.now().Add(valid).Unix(), 10)
	query := url.Values{"size": {n}, "expires": {expires}, "signature": {d.sign(key, n, expires)}}
	u := url.URL{Path: directPutPath + key, RawQuery: query.Encode()}
	return objstore.PresignedPut{URL: u.String()}, nil
}

// ServeHTTP stores an object, if the URL is one of ours.
func (d *directPut) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, query := strings.TrimPrefix(r.URL.Path, directPutPath), r.URL.Query()
	size, expires := query.Get("size"), query.Get("expires")
	if !hmac.Equal([]byte(d.sign(key, size, expires)), []byte(query.Get("signature"))) {
		http.Error(w, "the signature is wrong", http.StatusForbidden)
		return
	}
	n, sizeErr := strconv.ParseInt(size, 10, 64)
	until, timeErr := strconv.ParseInt(expires, 10, 64)
	switch {
	case r.Method != http.MethodPut:
		http.Error(w, "the method must be PUT", http.StatusMethodNotAllowed)
		return
	case sizeErr != nil || timeErr != nil || d.now().Unix() >= until:
		http.Error(w, "the URL has expired", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, n))
	if err != nil || int64(len(body)) != n {
		http.Error(w, fmt.Sprintf("the body must have %d bytes", n), http.StatusBadRequest)
		return
	}
	err = d.store.Put(r.Context(), key, body)
	switch {
	case errors.Is(err, objstore.ErrExists):
		http.Error(w, "something else was uploaded here", http.StatusConflict)
	case err != nil:
		http.Error(w, "the object cannot be stored at the moment", http.StatusServiceUnavailable)
	}
}

// orDirectPut serves presigned URLs, and has next serve the rest.
func (d *directPut) orDirectPut(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, directPutPath) {
			d.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
