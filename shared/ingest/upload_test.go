package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/pyrocumulus/pyrocumulus/shared/ingest"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
	"github.com/pyrocumulus/pyrocumulus/shared/queue"
)

// urlKeys makes URLs that are keys, of one size.
type urlKeys struct {
	size int64
	err  error
}

func (u *urlKeys) PresignPut(_ context.Context, key string, size int64, valid time.Duration) (objstore.PresignedPut, error) {
	u.size = size
	return objstore.PresignedPut{URL: "/put/" + key, Header: map[string]string{"X-Valid": valid.String()}}, u.err
}

// uploadBench is a bench with a place for uploads.
type uploadBench struct {
	*bench
	urls    *urlKeys
	objects *objstoretest.Faults
}

func newUploadBench(t *testing.T) *uploadBench {
	b := &uploadBench{bench: newBench(t, multitenant), urls: &urlKeys{}, objects: objstoretest.NewFaults(objstoretest.NewMem())}
	b.handler = ingest.New(b.settings, ingest.Deps{
		Queues: []queue.Sender{b.queue}, Store: b.store, Codec: b.codec, Now: func() time.Time { return now }, Log: slog.New(slog.NewJSONHandler(&b.log, nil)),
		Uploads: &ingest.Uploads{Presign: b.urls, Store: b.objects},
	})
	return b
}

// upload asks for a place, puts a body there and returns the id.
func (b *uploadBench) upload(tenant string, body []byte) string {
	w := b.do("POST", "//upload", strings.NewReader(`{"size": `+jsonOf(len(body))+`}`), "X-Scope-OrgID", tenant)
	require.Equal(b.t, 200, w.Code, w.Body)
	require.Equal(b.t, "application/json", w.Header().Get("Content-Type"))
	var place struct {
		ID, Method, URL string
		Headers         map[string]string
		Expires         time.Time
	}
	require.NoError(b.t, json.Unmarshal(w.Body.Bytes(), &place))
	require.Equal(b.t, "PUT", place.Method)
	require.Equal(b.t, map[string]string{"X-Valid": "15m0s"}, place.Headers)
	require.Equal(b.t, now.Add(15*time.Minute), place.Expires)
	require.Equal(b.t, int64(len(body)), b.urls.size)
	key, ok := strings.CutPrefix(place.URL, "http://example.com/put/")
	require.True(b.t, ok, place.URL)
	require.Equal(b.t, tenant+"/uploads/"+place.ID, key)
	require.NoError(b.t, b.objects.Put(b.t.Context(), key, body))
	return place.ID
}

func jsonOf(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestUploadsAreTakenAsBodies(t *testing.T) {
	profile := gz(t, cpu(now, 7))
	message, err := proto.Marshal(request(series(raw(profile), "__name__", "process_cpu")))
	require.NoError(t, err)
	for _, tt := range []struct {
		path        string
		body        []byte
		contentType string
	}{
		{pushPath, message, "application/proto"},
		{"/ingest?format=pprof&name=app", profile, "application/octet-stream"},
		{"/ingest?name=app", []byte("a;b 1\n"), "text/plain"},
	} {
		b := newUploadBench(t)
		id := b.upload("acme", tt.body)
		for range 2 { // the second has not seen the answer
			w := b.do("POST", tt.path, nil, "Content-Type", tt.contentType, "X-Scope-OrgID", "acme", ingest.HeaderUpload, id)
			require.Equal(t, 200, w.Code, "%s: %s", tt.path, w.Body)
		}
		require.Len(t, b.queue.ids(), 1)
		require.Equal(t, "acme", string(b.received()[0].Tenant))
		w := b.do("POST", tt.path, nil, "Content-Type", tt.contentType, "X-Scope-OrgID", "other", ingest.HeaderUpload, id)
		code, message := errorBody(t, w)
		require.Equal(t, 404, w.Code, "another tenant's")
		require.Equal(t, "not_found", code)
		require.Contains(t, message, "nothing was uploaded as "+id)
	}
}

func TestUploadsThatAreRefused(t *testing.T) {
	b := newUploadBench(t)
	ask := func(body string, headers ...string) (int, string) {
		w := b.do("POST", "/upload", strings.NewReader(body), headers...)
		return w.Code, w.Body.String()
	}
	acme := []string{"X-Scope-OrgID", "acme"}
	for body, want := range map[string]int{"": 400, "{}": 400, `{"size": -1}`: 400, `{"size": 67108865}`: 413, `{"size": 67108864}`: 200} {
		status, answer := ask(body, acme...)
		require.Equal(t, want, status, "%s: %s", body, answer)
	}
	status, _ := ask(`{"size": 1}`)
	require.Equal(t, 401, status)
	require.Equal(t, 405, b.do("GET", "/upload", nil, acme...).Code)

	take := func(id, body string) (int, string) {
		w := b.do("POST", "/ingest?name=app", strings.NewReader(body), "X-Scope-OrgID", "acme", ingest.HeaderUpload, id)
		return w.Code, w.Body.String()
	}
	id := b.upload("acme", []byte("a 1\n"))
	for _, bad := range []string{"x", "../" + id[3:], id + "A", strings.ToLower(id)} {
		status, answer := take(bad, "")
		require.Equal(t, 400, status)
		require.Contains(t, answer, "is not the id of an upload")
	}
	status, answer := take(id, "b 1\n")
	require.Equal(t, 400, status)
	require.Contains(t, answer, "has no body of its own")

	boom := errors.New("secret")
	b.objects.FailNext(objstoretest.Get, objstoretest.Before, boom)
	status, answer = take(id, "")
	require.Equal(t, 503, status)
	require.NotContains(t, answer, "secret")
	b.urls.err = boom
	status, answer = ask(`{"size": 1}`, acme...)
	require.Equal(t, 503, status)
	require.NotContains(t, answer, "secret")

	none := newBench(t)
	require.Equal(t, 501, none.do("POST", "/upload", strings.NewReader(`{"size": 1}`)).Code)
	require.Equal(t, 501, none.do("POST", "/ingest?name=app", nil, ingest.HeaderUpload, id).Code)
}

// TestProfilesOfOneTimeAndSeriesAllCount: what differs in anything is another
// profile.
func TestProfilesOfOneTimeAndSeriesAllCount(t *testing.T) {
	b := newBench(t)
	at := "&from=" + jsonOf(now.Unix())
	bodies := map[string][]string{
		"/ingest?name=app.cpu" + at:               {"a;b 1\n", "a;b 2\n", "a;c 1\n"}, // value, stack
		"/ingest?name=app.wall" + at:              {"a;b 1\n"},                       // profile type
		"/ingest?name=app.alloc_objects" + at:     {"a;b 1\n"},                       // sample type
		"/ingest?name=app.inuse_objects" + at:     {"a;b 1\n"},
		"/ingest?name=app.cpu{pod=1}" + at:        {"a;b 1\n"}, // labels
		"/ingest?name=app.cpu&sampleRate=50" + at: {"a;b 3\n"}, // rate
	}
	for range 2 { // and what does not is the same
		n := 0
		for target, all := range bodies {
			for _, body := range all {
				w := b.do("POST", strings.NewReplacer("{", "%7B", "}", "%7D").Replace(target), bytes.NewReader([]byte(body)))
				require.Equal(t, 200, w.Code, "%s: %s", target, w.Body)
				n++
			}
		}
		require.Len(t, b.queue.ids(), n)
	}
}
