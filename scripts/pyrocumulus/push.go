package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// labelFlags gathers -label name=value.
type labelFlags []string

func (l *labelFlags) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *labelFlags) Set(v string) error {
	if name, _, ok := strings.Cut(v, "="); !ok || name == "" {
		return errors.New("want name=value")
	}
	*l = append(*l, v)
	return nil
}

func (c *cli) push(ctx context.Context, flags *flag.FlagSet, args []string) error {
	s := c.serverFlags(flags)
	service := flags.String("service", "", "`name` of the service; required")
	format := flags.String("format", "pprof", "`format` of the files: pprof, folded, jfr, speedscope")
	from := flags.String("from", "now", "`time` of profiles that do not say")
	var labels labelFlags
	flags.Var(&labels, "label", "label, as `name=value`; may be repeated")
	if err := parse(flags, args, 1<<20); err != nil {
		return err
	}
	if *service == "" {
		return errors.New("name the service with -service")
	}
	if flags.NArg() == 0 {
		return errors.New("name the files to push; - is the standard input")
	}
	name := *service
	if len(labels) > 0 {
		name += "{" + labels.String() + "}"
	}
	if *format == "folded" && !strings.Contains(*service, ".") {
		name = *service + ".cpu" + strings.TrimPrefix(name, *service) // which the server takes off again
	}
	for i, file := range flags.Args() {
		body, err := read(file)
		if err != nil {
			return err
		}
		query := url.Values{"name": {name}, "format": {*format}, "from": {*from}}
		if err := s.ingest(ctx, query, body); err != nil {
			return fmt.Errorf("push %s: %w", file, err)
		}
		fmt.Fprintf(c.stderr, "%d/%d %s, %d bytes\n", i+1, flags.NArg(), file, len(body))
	}
	return nil
}

func read(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(file)
}

func (s *server) ingest(ctx context.Context, query url.Values, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(s.url, "/")+"/ingest?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	s.authorize(req.Header)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return s.explain("connect", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil || res.StatusCode == http.StatusOK {
		return err
	}
	var told struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(answer, &told) // else the status says it
	return fmt.Errorf("the server answers %s: %s", res.Status, cmp.Or(told.Message, strings.TrimSpace(string(answer))))
}
