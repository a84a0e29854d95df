package lambdabackend_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/lambdabackend"
	"github.com/pyrocumulus/pyrocumulus/shared/querybackend/querybackendtest"
)

// maxPayload is what Lambda takes and returns, "6 MB".
const maxPayload = 6_291_556

// serve answers Lambda's Invoke API as AWS documents it.
func serve(t *testing.T, worker querybackendtest.Worker) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		refuse := func(status int, kind string) {
			w.Header().Set("X-Amzn-Errortype", kind)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"Type":"User","message":"no"}`)
		}
		switch {
		case r.Method != http.MethodPost || r.URL.Path != "/2015-03-31/functions/query-worker/invocations":
			refuse(http.StatusNotFound, "ResourceNotFoundException")
			return
		case r.Header.Get("X-Amz-Invocation-Type") != "RequestResponse":
			refuse(http.StatusBadRequest, "InvalidParameterValueException")
			return
		case len(body) > maxPayload:
			refuse(http.StatusRequestEntityTooLarge, "RequestTooLargeException")
			return
		}
		var call querybackend.Call
		if json.Unmarshal(body, &call) != nil {
			refuse(http.StatusBadRequest, "InvalidRequestContentException")
			return
		}
		reply, err := worker(r.Context(), call)
		payload, _ := json.Marshal(reply)
		if err == nil && len(payload) > maxPayload {
			err = io.ErrShortBuffer
		}
		if err != nil {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			payload, _ = json.Marshal(map[string]string{"errorMessage": err.Error(), "errorType": "errorString"})
		}
		_, _ = w.Write(payload)
	}))
	t.Cleanup(s.Close)
	return s
}

func client(url string) *lambda.Client {
	return lambda.New(lambda.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}, lambdabackend.Configure)
}

func TestContract(t *testing.T) {
	querybackendtest.Run(t, func(t *testing.T, worker querybackendtest.Worker, store objstore.Reader) querybackend.Backend {
		return lambdabackend.New(client(serve(t, worker).URL), "query-worker", store, time.Now)
	})
}

func ask(t *testing.T, b querybackend.Backend, blocks ...*block.Meta) error {
	_, err := b.Ask(t.Context(), &querybackend.Request{Tenant: "acme", Task: engine.Task{Want: engine.WantTree}, Blocks: blocks})
	return err
}

func TestWhatGoesWrongWithAnInvocation(t *testing.T) {
	for name, c := range map[string]struct {
		function string
		handler  http.HandlerFunc
		text     string
	}{
		"no such function": {"other", nil, "ResourceNotFoundException"},
		"throttled": {"query-worker", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "TooManyRequestsException"},
		"timed out": {"query-worker", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = io.WriteString(w, `{"errorMessage":"2026-01-01 Task timed out after 20.00 seconds"}`)
		}, "Task timed out"},
		"no JSON": {"query-worker", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `oops`)
		}, "decode reply"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, nil)
			if c.handler != nil {
				s = httptest.NewServer(c.handler)
				defer s.Close()
			}
			err := ask(t, lambdabackend.New(client(s.URL), c.function, nil, time.Now))
			require.ErrorIs(t, err, querybackend.ErrWorker)
			require.ErrorContains(t, err, c.text)
		})
	}
}

// The largest request and the largest answer of the contract fit into Lambda's
// payloads.
func TestTheLargestPayloadsFit(t *testing.T) {
	call, err := json.Marshal(querybackend.Call{
		Request: make([]byte, querybackend.MaxRequestBytes), TimeoutMillis: 1 << 40, Query: "00000000-0000-0000-0000-000000000000",
	})
	require.NoError(t, err)
	require.LessOrEqual(t, len(call), maxPayload)
	reply, err := json.Marshal(querybackend.Reply{Answer: make([]byte, querybackend.MaxInlineBytes)})
	require.NoError(t, err)
	require.LessOrEqual(t, len(reply), maxPayload)
}
