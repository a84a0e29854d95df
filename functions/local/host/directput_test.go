package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
)

func TestDirectPut(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	mem := objstoretest.NewMem()
	d := newDirectPut(mem, func() time.Time { return at })
	h := d.orDirectPut(http.NotFoundHandler())
	do := func(method, url, body string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, url, strings.NewReader(body)))
		return w.Code
	}
	put, err := d.PresignPut(t.Context(), "acme/uploads/A B", 5, time.Minute)
	require.NoError(t, err)
	require.Equal(t, 404, do("PUT", "/other", "hello"))
	require.Equal(t, 405, do("GET", put.URL, ""))
	require.Equal(t, 400, do("PUT", put.URL, "hell"))
	require.Equal(t, 400, do("PUT", put.URL, "hello!"))
	for _, change := range []struct{ old, new string }{
		{"acme", "evil"}, {"size=5", "size=6"}, {"expires=1", "expires=2"}, {"signature=", "signature=0"}, {"A%20B", "A"},
	} {
		require.Equal(t, 403, do("PUT", strings.Replace(put.URL, change.old, change.new, 1), "hello!"), "%v", change)
	}
	_, err = mem.Get(t.Context(), "acme/uploads/A B")
	require.Error(t, err, "nothing was stored so far")
	require.Equal(t, 200, do("PUT", put.URL, "hello"))
	require.Equal(t, 200, do("PUT", put.URL, "hello"))
	require.Equal(t, 409, do("PUT", put.URL, "other"))
	body, err := mem.Get(t.Context(), "acme/uploads/A B")
	require.NoError(t, err)
	require.Equal(t, "hello", string(body))
	at = at.Add(time.Minute)
	require.Equal(t, 403, do("PUT", put.URL, "hello"))
}

// TestALargeUpload: a body that no event can hold comes in by the other way.
func TestALargeUpload(t *testing.T) {
	h, err := open(Config{
		Data: t.TempDir(), FlushInterval: time.Second, Log: slog.New(slog.DiscardHandler),
		Lookup: func(name string) (string, bool) {
			v, ok := map[string]string{"PYROCUMULUS_MAX_PROFILE_BYTES": "32MiB"}[name]
			return v, ok
		},
	})
	require.NoError(t, err)
	defer h.close()
	server := httptest.NewServer(h.handler)
	defer server.Close()
	send := func(method, url string, header http.Header, body []byte) (int, []byte) {
		r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header = header
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		out, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, out
	}
	var folded bytes.Buffer
	for i := range 12_000 {
		fmt.Fprintf(&folded, "main;f%d;%s 1\n", i, strings.Repeat(fmt.Sprint(i%10), 600))
	}
	require.Greater(t, folded.Len(), 7<<20)
	target := server.URL + "/ingest?name=app"
	status, answer := send("POST", target, http.Header{}, folded.Bytes())
	require.Equal(t, 413, status)
	require.Contains(t, string(answer), "POST /upload")

	status, answer = send("POST", server.URL+"/upload", http.Header{}, fmt.Appendf(nil, `{"size": %d}`, folded.Len()))
	require.Equal(t, 200, status, string(answer))
	var place struct{ ID, Method, URL string }
	require.NoError(t, json.Unmarshal(answer, &place))
	status, answer = send(place.Method, place.URL, http.Header{}, folded.Bytes())
	require.Equal(t, 200, status, string(answer))
	status, answer = send("POST", target, http.Header{"X-Pyrocumulus-Upload": {place.ID}}, nil)
	require.Equal(t, 200, status, string(answer))
}
