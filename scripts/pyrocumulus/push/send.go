package push

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

// direct is how large a body may be that goes to a function itself; API Gateway
// and Lambda take 4.5 MB. A larger one is uploaded first.
const direct = 4 << 20

// refusal is an answer other than 200.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// deliver sends a body, by way of the object store if it is large and the server
// knows how.
func (p *pusher) deliver(ctx context.Context, path string, body []byte) error {
	if len(body) <= direct {
		_, err := p.post(ctx, path, nil, body)
		return err
	}
	id, err := p.upload(ctx, body)
	var refused *refusal
	if errors.As(err, &refused) && (refused.status == http.StatusNotFound || refused.status == http.StatusNotImplemented) {
		_, err := p.post(ctx, path, nil, body)
		return err
	}
	if err != nil {
		return fmt.Errorf("upload %d bytes: %w", len(body), err)
	}
	_, err = p.post(ctx, path, map[string]string{"X-Pyrocumulus-Upload": id}, nil)
	return err
}

// upload puts a body where the server says, and returns its id.
func (p *pusher) upload(ctx context.Context, body []byte) (id string, err error) {
	answer, err := p.post(ctx, "/upload", map[string]string{"Content-Type": "application/json"}, fmt.Appendf(nil, `{"size": %d}`, len(body)))
	if err != nil {
		return "", err
	}
	var place struct {
		ID, Method, URL string
		Headers         map[string]string
	}
	if err := json.Unmarshal(answer, &place); err != nil {
		return "", fmt.Errorf("read where to: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, place.Method, place.URL, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("read where to: %w", err)
	}
	for name, value := range place.Headers {
		req.Header.Set(name, value)
	}
	_, err = do(req) // the URL is all that is asked for: the token stays here
	return place.ID, err
}

// post sends a request to the server as the caller.
func (p *pusher) post(ctx context.Context, path string, header map[string]string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.server.Base()+path, bytes.NewReader(body))
	if err != nil {
		return nil, command.Usagef("-url: %w", err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	p.server.Authorize(req.Header)
	answer, err := do(req)
	if refused := (*refusal)(nil); err == nil || errors.As(err, &refused) {
		return answer, err
	}
	return nil, p.server.Explain("connect", err)
}

// do sends a request; what is answered with another status than 200 is a
// *refusal.
func do(req *http.Request) ([]byte, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil || res.StatusCode == http.StatusOK {
		return answer, err
	}
	var told struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(answer, &told) // else the status says it
	return nil, &refusal{res.StatusCode, fmt.Sprintf("the server answers %s: %s%s", res.Status,
		cmp.Or(told.Message, strings.TrimSpace(string(answer))), advice(res.StatusCode))}
}

// advice is what to do about an answer, if the message does not say it.
func advice(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "; set PYROCUMULUS_TOKEN, or name a tenant with -tenant"
	case http.StatusNotFound:
		return "; is -url that of a Pyrocumulus?"
	}
	return ""
}
