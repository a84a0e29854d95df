package lambda

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
)

// proxies stand between the functions and the emulators. They do nothing until
// they are told to do something when a call of an operation comes.
type proxies struct {
	emulators emulators.Set // as the functions see them

	mu        sync.Mutex
	operation string
	before    bool   // whether the call is lost; otherwise its answer is
	act       func() // what to do then, once; nil: nothing
	acted     chan struct{}
}

func newProxies(t *testing.T, set emulators.Set) *proxies {
	p := &proxies{emulators: set}
	for _, endpoint := range []*string{&p.emulators.S3, &p.emulators.SQS, &p.emulators.DynamoDB} {
		target, err := url.Parse(*endpoint)
		require.NoError(t, err)
		server := httptest.NewServer(p.handler(target))
		t.Cleanup(server.Close)
		*endpoint = server.URL
	}
	return p
}

// once has act called at the next call of the operation; with before, the call
// does not reach the emulator, and otherwise its answer does not reach the
// function. The channel is closed when that has happened.
func (p *proxies) once(operation string, before bool, act func()) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.operation, p.before, p.act, p.acted = operation, before, act, make(chan struct{})
	return p.acted
}

func (p *proxies) handler(target *url.URL) http.Handler {
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // it is signed
		},
		ErrorLog: log.New(io.Discard, "", 0), // functions that are killed leave calls behind
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		act := p.act
		if act == nil || p.operation != operationOf(r) {
			p.mu.Unlock()
			forward.ServeHTTP(w, r)
			return
		}
		p.act = nil
		before, acted := p.before, p.acted
		p.mu.Unlock()
		if !before {
			forward.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
		}
		act()
		close(acted)
		panic(http.ErrAbortHandler) // no answer
	})
}

// operationOf names an AWS call: "SendMessageBatch", or "PUT" and so on of S3.
func operationOf(r *http.Request) string {
	target := r.Header.Get("X-Amz-Target")
	if target == "" {
		return r.Method
	}
	return target[strings.LastIndexByte(target, '.')+1:]
}
