// Command capture answers every request with 200 and writes it down, for
// fixtures of what clients really send: the request line in <n>.txt, the headers
// that say what the body is in <n>.headers, the body as it came in <n>.body, and
// each part of a form, unpacked, in <n>.<name>.
//
//	go run ./scripts/capture -listen 127.0.0.1:4041 -out /tmp/captured
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:4041", "`address` to listen on")
	out := flag.String("out", "", "`folder` to write to")
	flag.Parse()
	if err := os.MkdirAll(*out, 0o755); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*listen, &recorder{folder: *out}))
}

// recorder writes requests into a folder.
type recorder struct {
	folder string
	last   atomic.Int64
}

func (rec *recorder) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		log.Print(err)
		return
	}
	n := rec.last.Add(1)
	head := fmt.Sprintf("%s %s\n", r.Method, r.RequestURI)
	rec.write(n, "txt", []byte(head))
	var headers strings.Builder
	for _, name := range []string{"Content-Type", "Content-Encoding"} {
		if value := r.Header.Get(name); value != "" {
			fmt.Fprintf(&headers, "%s: %s\n", name, value)
		}
	}
	rec.write(n, "headers", []byte(headers.String()))
	rec.write(n, "body", body)
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return
		}
		content, _ := io.ReadAll(part)
		rec.write(n, filepath.Base(part.FormName()), unpacked(content))
	}
}

func (rec *recorder) write(n int64, suffix string, content []byte) {
	name := filepath.Join(rec.folder, fmt.Sprintf("%d.%s", n, suffix))
	if err := os.WriteFile(name, content, 0o644); err != nil {
		log.Print(err)
	}
	log.Printf("%s: %d bytes", name, len(content))
}

// unpacked returns content without gzip, if it has it.
func unpacked(content []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return content
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return content
	}
	return plain
}
