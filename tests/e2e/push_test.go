package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

const pathPush = "/push.v1.PusherService/Push"

// refusal is an answer other than 200.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// send posts a body and returns a *refusal if the answer is not 200.
func send(url, tenant, body string, header http.Header) error {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	setTenant(header, tenant)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return &refusal{response.StatusCode, string(answer)}
	}
	return nil
}

func setTenant(h http.Header, tenant string) {
	way, proof, _ := strings.Cut(tenant, ":")
	proof, named, _ := strings.Cut(proof, "@")
	switch way {
	case "-":
	case "bearer":
		h.Set("Authorization", "Bearer "+proof)
	case "basic":
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(proof)))
	default:
		named = tenant
	}
	if named != "" {
		h.Set("X-Scope-OrgID", named)
	}
}

// sent judges how sending went: accepted or, with "!", refused.
func (c *call) sent(err error) {
	var refused *refusal
	switch {
	case c.neg && errors.As(err, &refused):
		fmt.Fprintln(c.ts.Stderr(), refused)
	case c.neg && err == nil:
		c.ts.Fatalf("was accepted")
	default:
		c.ts.Check(err)
	}
}

// push sends series in one request of push.v1.
func (c *call) push() {
	as := c.flags.String("as", "proto", "")
	at := c.at("at", 0)
	c.parse(2)
	request := &pushv1.PushRequest{}
	for _, words := range splitAt(c.args[1:], "+") {
		content, err := profileOf(words[0], c.file(words[0]), *at)
		c.ts.Check(err)
		labels := append([]string{"__name__=" + kindOf(words[0]).name, "__delta__=false"}, words[1:]...)
		request.Series = append(request.Series, rawSeries(content, labels))
	}
	c.sent(post(c.url(), c.args[0], *as, request))
}

// rawSeries is a profile under labels as in "name=value".
func rawSeries(content []byte, labels []string) *pushv1.RawProfileSeries {
	s := &pushv1.RawProfileSeries{Samples: []*pushv1.RawSample{{RawProfile: content}}}
	for _, label := range labels {
		name, value, _ := strings.Cut(label, "=")
		s.Labels = append(s.Labels, &typesv1.LabelPair{Name: name, Value: value})
	}
	return s
}

// post sends a request of push.v1 in one of the forms that clients use.
func post(url, tenant, as string, request *pushv1.PushRequest) error {
	header := http.Header{"Content-Type": {"application/proto"}, "Connect-Protocol-Version": {"1"}}
	var body []byte
	var err error
	switch as {
	case "proto":
		body, err = proto.Marshal(request)
	case "json":
		header.Set("Content-Type", "application/json")
		body, err = protojson.Marshal(request)
	case "gzip":
		header.Set("Content-Encoding", "gzip")
		if body, err = proto.Marshal(request); err == nil {
			body, err = compress(body)
		}
	default:
		err = fmt.Errorf("unknown form %q", as)
	}
	if err != nil {
		return err
	}
	return send(url+pathPush, tenant, string(body), header)
}

func compress(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// splitAt splits words at each separator.
func splitAt(words []string, separator string) [][]string {
	all := [][]string{nil}
	for _, word := range words {
		if word == separator {
			all = append(all, nil)
			continue
		}
		all[len(all)-1] = append(all[len(all)-1], word)
	}
	return all
}
