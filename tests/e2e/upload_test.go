package e2e

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// period is how long an SDK gathers before it uploads.
const period = 15 * time.Second

// ingest uploads a profile the way the Go SDK does: as a form, with the times
// in nanoseconds, empty parameters, and a word on each sample type for all but
// CPU profiles.
func (c *call) ingest() {
	at := c.at("at", 0)
	path := c.flags.String("path", "/ingest", "")
	c.parse(3)
	content, err := profileOf(c.args[1], c.file(c.args[1]), *at)
	c.ts.Check(err)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	write := func(part, file string, content []byte) {
		w, err := form.CreateFormFile(part, file)
		c.ts.Check(err)
		_, err = w.Write(content)
		c.ts.Check(err)
	}
	write("profile", "profile.pprof", content)
	sampleRate := "0"
	if k := kindOf(c.args[1]); k.name == "process_cpu" {
		sampleRate = "100"
	} else {
		write("sample_type_config", "sample_type_config.json", []byte(sampleTypeConfig(k)))
	}
	c.ts.Check(form.Close())
	query := url.Values{
		"aggregationType": {""}, "units": {""}, "spyName": {"gospy"}, "sampleRate": {sampleRate},
		"from": {strconv.FormatInt(at.UnixNano(), 10)}, "until": {strconv.FormatInt(at.Add(period).UnixNano(), 10)},
		"name": {application(c.args[2:], "__session_id__=0123456789abcdef")},
	}
	c.sent(send(c.url()+*path+"?"+query.Encode(), c.args[0], body.String(), http.Header{
		"Content-Type": {form.FormDataContentType()}, "User-Agent": {"Go-http-client/1.1"},
	}))
}

// sampleTypeConfig is what the Go SDK tells of the sample type of a kind.
func sampleTypeConfig(k kind) string {
	config := `{"` + k.sample.Type + `":{"units":"` + k.sample.Unit + `"`
	switch k.name {
	case "mutex", "block":
		config += `,"display-name":"` + k.name + `_count"`
	case "goroutine":
		config += `,"display-name":"goroutines","aggregation":"average"`
	}
	return config + "}}"
}

// raw uploads a profile the way the SDK for Node.js does: the pprof is the
// body, the times are in seconds.
func (c *call) raw() {
	at := c.at("at", 0)
	path := c.flags.String("path", "/ingest", "")
	c.parse(3)
	content, err := profileOf(c.args[1], c.file(c.args[1]), *at)
	c.ts.Check(err)
	query := url.Values{
		"format": {"pprof"}, "spyName": {"nodespy"}, "sampleRate": {"100"},
		"from": {strconv.FormatInt(at.Unix(), 10)}, "until": {strconv.FormatInt(at.Add(period).Unix(), 10)},
		"name": {application(c.args[2:])},
	}
	c.sent(send(c.url()+*path+"?"+query.Encode(), c.args[0], string(content), http.Header{
		"Content-Type": {"application/octet-stream"}, "User-Agent": {"node"},
	}))
}

// application writes labels as the parameter name of /ingest has them:
// "app{name=value,name=value}".
func application(labels []string, more ...string) string {
	var app string
	var rest []string
	for _, label := range append(labels, more...) {
		if name, value, _ := strings.Cut(label, "="); name == "service_name" {
			app = value
		} else {
			rest = append(rest, label)
		}
	}
	return app + "{" + strings.Join(rest, ",") + "}"
}
