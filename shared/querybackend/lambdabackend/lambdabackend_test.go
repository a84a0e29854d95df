package lambdabackend_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest"
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
		case r.Header.Get("X-Amz-Invocation-Type") == "Event":
			event(t, w, body, worker)
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

// maxEvent is what Lambda takes for an asynchronous invocation, 1 MB.
const maxEvent = 1 << 20

// event begins an asynchronous invocation.
func event(t *testing.T, w http.ResponseWriter, body []byte, worker querybackendtest.Worker) {
	var call querybackend.Call
	if len(body) > maxEvent || json.Unmarshal(body, &call) != nil {
		w.Header().Set("X-Amzn-Errortype", "RequestTooLargeException")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	var over sync.WaitGroup
	over.Go(func() { _, _ = worker(context.Background(), call) })
	t.Cleanup(over.Wait)
}

func client(url string) *lambda.Client {
	return lambda.New(lambda.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}, lambdabackend.Configure)
}

func TestContract(t *testing.T) {
	querybackendtest.Run(t, func(t *testing.T, worker querybackendtest.Worker, store querybackendtest.Store) querybackend.Backend {
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

// The largest request that is started fits into the payload of an event, with
// or without the object store.
func TestTheLargestEventFits(t *testing.T) {
	call, err := json.Marshal(querybackend.Call{
		Request: make([]byte, querybackend.MaxEventBytes), TimeoutMillis: 1 << 40, Query: "00000000-0000-0000-0000-000000000000",
		ReplyKey: string(make([]byte, objstore.MaxKeyBytes)),
	})
	require.NoError(t, err)
	require.LessOrEqual(t, len(call), maxEvent)
}

func TestALargeRequestGoesThroughTheStore(t *testing.T) {
	store := objstoretest.NewMem()
	r := &querybackend.Request{Tenant: "acme", Query: "q"}
	for range querybackend.MaxEventBytes / 1000 {
		r.Blocks = append(r.Blocks, &block.Meta{Tenant: "acme", ID: strings.Repeat("x", 1100)})
	}
	calls := make(chan querybackend.Call, 1)
	s := serve(t, func(_ context.Context, c querybackend.Call) (querybackend.Reply, error) {
		calls <- c
		return querybackend.Reply{}, nil
	})
	b := lambdabackend.New(client(s.URL), "query-worker", store, time.Now)
	require.NoError(t, b.Start(t.Context(), r, "acme/answers/1", time.Minute))
	c := <-calls
	require.Empty(t, c.Request)
	body, err := store.Get(t.Context(), c.RequestKey)
	require.NoError(t, err)
	require.Equal(t, r.Append(nil), body)
}
