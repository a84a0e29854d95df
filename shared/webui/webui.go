// Package webui serves the page at "/" on which people look at profiles: a
// single page that asks the same API as Grafana does. Its sources are in app/,
// what is built from them is in dist/ and is embedded, so that neither `make
// run` nor a Lambda function needs Node.js.
//
// The files are the same for everybody and hold nothing of a tenant: whoever
// serves them needs no token. The page sends what the user types in with each
// query, and keeps it in the session storage of the browser's tab only.
package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"connectrpc.com/connect"

	"github.com/pyrocumulus/pyrocumulus/shared/connecterr"
)

//go:embed dist
var dist embed.FS

// The paths of the page.
const (
	PathIndex  = "/"
	PathAssets = "/ui/" // and all below it
)

// Paths returns the paths that the page needs; one that ends in "/" stands for
// all below it, except "/", which is the page itself.
func Paths() []string { return []string{PathIndex, PathAssets} }

// policy lets the page load nothing but what this server serves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is a file as it is served.
type asset struct {
	contentType, cache, tag string
	body                    []byte
	gzipped                 func() []byte // made when it is first asked for
}

// Handler serves the page.
type Handler struct{ assets map[string]*asset } // by path of the URL

// New returns the page's handler.
func New() *Handler {
	h := &Handler{assets: make(map[string]*asset)}
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := dist.ReadFile(name)
		if err != nil {
			return err
		}
		h.add(strings.TrimPrefix(name, "dist/"), body)
		return nil
	})
	if err != nil { // what is embedded can always be read
		panic(fmt.Sprintf("BUG: read embedded files: %v", err))
	}
	return h
}

func (h *Handler) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	a := &asset{
		contentType: contentType(name), body: body, tag: `"` + hex.EncodeToString(sum[:12]) + `"`,
		cache:   "no-cache", // that is: ask whether it has changed
		gzipped: sync.OnceValue(func() []byte { return compress(body) }),
	}
	if name == "index.html" {
		h.assets[PathIndex] = a
		return
	}
	if strings.Contains(path.Base(name), "-") { // app-<hash>.js: another content has another name
		a.cache = "public, max-age=31536000, immutable"
	}
	h.assets[PathAssets+name] = a
}

// contentType does not depend on the tables of the machine, as mime's does,
// for the kinds of files that there are.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return mime.TypeByExtension(path.Ext(name))
}

func compress(body []byte) []byte {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil { // the level is a constant
		panic("BUG: make gzip writer: " + err.Error())
	}
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := h.assets[r.URL.Path]
	switch {
	case !ok:
		connecterr.WriteStatus(w, http.StatusNotFound, connect.CodeNotFound, "no such path")
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		connecterr.WriteStatus(w, http.StatusMethodNotAllowed, connect.CodeUnimplemented, "method not allowed")
		return
	}
	header := w.Header()
	for name, value := range map[string]string{
		"Content-Type": a.contentType, "Cache-Control": a.cache, "Etag": a.tag, "Vary": "Accept-Encoding",
		"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		header.Set(name, value)
	}
	if matches(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	if takesGzip(r.Header) {
		header.Set("Content-Encoding", "gzip")
		body = a.gzipped()
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the client is gone if it fails
}

// matches reports whether a client has what the tag names.
func matches(header, tag string) bool {
	for known := range strings.SplitSeq(header, ",") {
		// Proxies that compress make strong tags weak ones.
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return true
		}
	}
	return false
}

// takesGzip reports whether a client takes an answer that is compressed.
func takesGzip(header http.Header) bool {
	for _, value := range header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(value, ",") {
			name, params, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				q, given := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
				weight, err := strconv.ParseFloat(q, 64)
				return !given || err == nil && weight > 0
			}
		}
	}
	return false
}
