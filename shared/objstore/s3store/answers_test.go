package s3store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
)

// answer is what the server says to one request.
type answer struct {
	status int
	code   string // of an error, in its XML
	body   string // of a success
	length string // a Content-Length that is not that of the body
}

var (
	noSuchKey    = answer{status: 404, code: "NoSuchKey"}
	precondition = answer{status: 412, code: "PreconditionFailed"}
	conflict     = answer{status: 409, code: "ConditionalRequestConflict"}
	denied       = answer{status: 403, code: "AccessDenied"}
)

// serve gives these answers, one after the other, and checks that they are
// asked for in this order, each as "METHOD path".
func serve(t *testing.T, requests []string, answers []answer) *Store {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if n >= len(answers) {
			t.Errorf("one request too many: %s %s", r.Method, r.URL)
			return
		}
		a := answers[n]
		if got := r.Method + " " + r.URL.Path; got != requests[n] {
			t.Errorf("request %d is %s, want %s", n, got, requests[n])
		}
		if r.Method == http.MethodPut && r.Header.Get("If-None-Match") != "*" {
			t.Errorf("request %d may overwrite an object", n)
		}
		n++
		if a.length != "" {
			w.Header().Set("Content-Length", a.length)
		}
		w.WriteHeader(a.status)
		if a.code != "" {
			a.body = fmt.Sprintf("<Error><Code>%s</Code><Message>as the test wants it</Message></Error>", a.code)
		}
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(func() {
		server.Close()
		require.Equal(t, len(answers), n, "requests")
	})
	s := New(s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer: aws.NopRetryer{},
	}, Configure), "b")
	s.pause = func(context.Context, int) {}
	return s
}

func TestAnswersToPut(t *testing.T) {
	put, get := "PUT /b/k", "GET /b/k"
	for name, tt := range map[string]struct {
		requests []string
		answers  []answer
		want     error  // nil: no error
		code     string // of an error that has no name in the contract
	}{
		"stored":                  {requests: []string{put}, answers: []answer{{status: 200}}},
		"equal content":           {requests: []string{put, get}, answers: []answer{precondition, {status: 200, body: "body"}}},
		"other content":           {requests: []string{put, get}, answers: []answer{precondition, {status: 200, body: "BODY"}}, want: objstore.ErrExists},
		"longer":                  {requests: []string{put, get}, answers: []answer{precondition, {status: 200, body: "body2"}}, want: objstore.ErrExists},
		"shorter":                 {requests: []string{put, get}, answers: []answer{precondition, {status: 200, body: "bod"}}, want: objstore.ErrExists},
		"not readable":            {requests: []string{put, get}, answers: []answer{precondition, denied}, code: "AccessDenied"},
		"deleted since":           {requests: []string{put, get, put}, answers: []answer{precondition, noSuchKey, {status: 200}}},
		"conflict, then stored":   {requests: []string{put, put, put}, answers: []answer{conflict, conflict, {status: 200}}},
		"conflict, then taken":    {requests: []string{put, put, get}, answers: []answer{conflict, precondition, {status: 200, body: "x"}}, want: objstore.ErrExists},
		"conflict without an end": {requests: repeat(put, maxAttempts), answers: repeat(conflict, maxAttempts), code: "ConditionalRequestConflict"},
		"another 409":             {requests: []string{put}, answers: []answer{{status: 409, code: "InvalidBucketState"}}, code: "InvalidBucketState"},
		"denied":                  {requests: []string{put}, answers: []answer{denied}, code: "AccessDenied"},
		"no bucket":               {requests: []string{put}, answers: []answer{{status: 404, code: "NoSuchBucket"}}, code: "NoSuchBucket"},
		"slow down":               {requests: []string{put}, answers: []answer{{status: 503, code: "SlowDown"}}, code: "SlowDown"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tt.requests, tt.answers)
			checkError(t, s.Put(t.Context(), "k", []byte("body")), tt.want, tt.code)
		})
	}
}

func repeat[T any](v T, n int) []T {
	var all []T
	for range n {
		all = append(all, v)
	}
	return all
}

// checkError wants an error of the contract, or one of S3's that is none.
func checkError(t *testing.T, err, want error, wantCode string) {
	t.Helper()
	switch {
	case want != nil:
		require.ErrorIs(t, err, want)
	case wantCode == "":
		require.NoError(t, err)
	default:
		require.Equal(t, wantCode, code(err), "%v", err)
		for _, named := range []error{objstore.ErrExists, objstore.ErrNotExist, objstore.ErrRange, objstore.ErrKey} {
			require.NotErrorIs(t, err, named)
		}
	}
}

func TestAnswersToGet(t *testing.T) {
	for name, tt := range map[string]struct {
		answer     answer
		want       error
		code, text string
	}{
		"there":     {answer: answer{status: 200, body: "body"}, text: "body"},
		"absent":    {answer: noSuchKey, want: objstore.ErrNotExist},
		"no bucket": {answer: answer{status: 404, code: "NoSuchBucket"}, code: "NoSuchBucket"},
		"denied":    {answer: denied, code: "AccessDenied"},
		"archived":  {answer: answer{status: 403, code: "InvalidObjectState"}, want: objstore.ErrArchived},
		"cut off":   {answer: answer{status: 200, body: "body", length: "5"}, want: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, []string{"GET /b/k"}, []answer{tt.answer}).Get(t.Context(), "k")
			checkError(t, err, tt.want, tt.code)
			require.Equal(t, tt.text, string(got))
		})
	}
}

func TestAnswersToGetRange(t *testing.T) {
	for name, tt := range map[string]struct {
		answer     answer
		want       error
		code, text string
	}{
		"there":     {answer: answer{status: 206, body: "body"}, text: "body"},
		"short":     {answer: answer{status: 206, body: "bod"}, want: objstore.ErrRange},
		"none":      {answer: answer{status: 416, code: "InvalidRange"}, want: objstore.ErrRange},
		"absent":    {answer: noSuchKey, want: objstore.ErrNotExist},
		"no bucket": {answer: answer{status: 404, code: "NoSuchBucket"}, code: "NoSuchBucket"},
		"cut off":   {answer: answer{status: 206, body: "bod", length: "4"}, want: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, []string{"GET /b/k"}, []answer{tt.answer}).GetRange(t.Context(), "k", 3, 4)
			checkError(t, err, tt.want, tt.code)
			require.Equal(t, tt.text, string(got))
		})
	}
	_, err := serve(t, []string{"GET /b/k"}, []answer{{status: 200, body: "the whole object"}}).GetRange(t.Context(), "k", 3, 4)
	require.ErrorContains(t, err, "more than the range")
}

func TestAnswersToDelete(t *testing.T) {
	for name, tt := range map[string]struct {
		answer answer
		code   string
	}{
		"deleted":   {answer: answer{status: 204}},
		"absent":    {answer: noSuchKey}, // S3 says 204, others do not
		"denied":    {answer: denied, code: "AccessDenied"},
		"no bucket": {answer: answer{status: 404, code: "NoSuchBucket"}, code: "NoSuchBucket"},
	} {
		t.Run(name, func(t *testing.T) {
			checkError(t, serve(t, []string{"DELETE /b/k"}, []answer{tt.answer}).Delete(t.Context(), "k"), nil, tt.code)
		})
	}
}

// page is an answer to ListObjectsV2.
func page(token string, keys ...string) answer {
	var b strings.Builder
	fmt.Fprintf(&b, "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>%t</IsTruncated>", token != "")
	if token != "" {
		fmt.Fprintf(&b, "<NextContinuationToken>%s</NextContinuationToken>", token)
	}
	for _, k := range keys {
		fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>7</Size><LastModified>2026-11-20T12:00:00.000Z</LastModified></Contents>", k)
	}
	return answer{status: 200, body: b.String() + "</ListBucketResult>"}
}

// U+FFFF is a character that XML cannot hold, though a key can.
func TestListGoesOnAfterPagesThatEndEarly(t *testing.T) {
	get := "GET /b"
	s := serve(t, []string{get, get, get}, []answer{page("t1", "a%2Fb", "a+c"), page("t2"), page("t3", "d%EF%BF%BF", "e")})
	got, err := s.List(t.Context(), "", "", 3)
	require.NoError(t, err)
	want := []objstore.Info{}
	for _, key := range []string{"a/b", "a c", "d\uffff"} {
		want = append(want, objstore.Info{Key: key, Size: 7, ModifiedUnixMilli: 1_795_176_000_000})
	}
	require.Equal(t, want, got)
	_, err = serve(t, []string{get}, []answer{denied}).List(t.Context(), "", "", 3)
	require.Equal(t, "AccessDenied", code(err))
}

func TestCancelledWhileWaiting(t *testing.T) {
	cause := errors.New("the reason of the test")
	ctx, cancel := context.WithCancelCause(t.Context())
	s := serve(t, []string{"PUT /b/k"}, []answer{conflict})
	s.pause = func(ctx context.Context, attempt int) {
		cancel(cause)
		pause(ctx, 20) // would take hours
	}
	require.ErrorIs(t, s.Put(ctx, "k", nil), cause)
}
