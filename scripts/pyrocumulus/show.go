package main

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/shared/flamegraph"
)

// ask parses the flags and gets the tree that they mean.
func (c *cli) ask(ctx context.Context, flags *flag.FlagSet, q *question, args []string) (*flamegraph.Tree, string, error) {
	if err := parse(flags, args, 0); err != nil {
		return nil, "", err
	}
	s, err := parseSpan(q.from, q.until, c.now())
	if err != nil {
		return nil, "", err
	}
	typ, err := q.typeID(ctx, s)
	if err != nil {
		return nil, "", err
	}
	query := matchers(q.service, q.query)
	tree, err := q.tree(ctx, typ, query, s)
	if err != nil {
		return nil, "", err
	}
	if tree.Total() == 0 {
		return nil, "", fmt.Errorf("no profile of %s matches %s between %s and %s; `pyrocumulus services` lists what there is", typ, query, q.from, q.until)
	}
	return tree, typ, nil
}

// parse parses flags; more than most arguments after them are refused.
func parse(flags *flag.FlagSet, args []string, most int) error {
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp // which has been told
	}
	if flags.NArg() > most {
		return fmt.Errorf("%q is not a flag; see %s -h", flags.Arg(most), flags.Name())
	}
	return nil
}

func (c *cli) flame(ctx context.Context, flags *flag.FlagSet, args []string) error {
	q := c.questionFlags(flags)
	width := flags.Int("width", 120, "`characters` of a line")
	tree, typ, err := c.ask(ctx, flags, q, args)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s, total %s\n\n%s", typ, quantity(tree.Total(), unitOf(typ)), tree.Text(*width))
	return err
}

func (c *cli) top(ctx context.Context, flags *flag.FlagSet, args []string) error {
	q := c.questionFlags(flags)
	n := flags.Int("n", 20, "`functions` to show")
	asJSON := flags.Bool("json", false, "print JSON")
	tree, typ, err := c.ask(ctx, flags, q, args)
	if err != nil {
		return err
	}
	rows := functionsOf(tree)
	rows = rows[:min(*n, len(rows))]
	if *asJSON {
		return c.json(struct {
			Type      string     `json:"type"`
			Total     int64      `json:"total"`
			Functions []function `json:"functions"`
		}{typ, tree.Total(), rows})
	}
	fmt.Fprintf(c.stdout, "%s, total %s\n\n%12s %7s %12s %7s\n", typ, quantity(tree.Total(), unitOf(typ)), "self", "", "total", "")
	for _, r := range rows {
		fmt.Fprintf(c.stdout, "%12s %6.1f%% %12s %6.1f%%  %s\n", quantity(r.Self, unitOf(typ)), share(r.Self, tree.Total()),
			quantity(r.Total, unitOf(typ)), share(r.Total, tree.Total()), r.Name)
	}
	return nil
}

func (c *cli) pprof(ctx context.Context, flags *flag.FlagSet, args []string) error {
	q := c.questionFlags(flags)
	out := flags.String("o", "", "`file` to write, gzip")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	if *out == "" {
		return errors.New("name the file to write with -o")
	}
	s, err := parseSpan(q.from, q.until, c.now())
	if err != nil {
		return err
	}
	typ, err := q.typeID(ctx, s)
	if err != nil {
		return err
	}
	res, err := q.querier().SelectMergeStacktraces(ctx, connect.NewRequest(&querierv1.SelectMergeStacktracesRequest{
		ProfileTypeID: typ, LabelSelector: matchers(q.service, q.query), Start: s.from, End: s.until,
		Format: querierv1.ProfileFormat_PROFILE_FORMAT_PPROF,
	}))
	if err != nil {
		return q.explain("ask for the profile", err)
	}
	merged := res.Msg.GetPprof().GetProfile()
	if len(merged.GetSample()) == 0 {
		return fmt.Errorf("no profile of %s matches; `pyrocumulus services` lists what there is", typ)
	}
	body, err := proto.Marshal(merged)
	if err != nil {
		return fmt.Errorf("encode the profile: %w", err)
	}
	if err := writeGzip(*out, body); err != nil {
		return fmt.Errorf("write %s: %w", *out, err)
	}
	_, err = fmt.Fprintf(c.stdout, "%d stacks of %s written: go tool pprof -http : %s\n", len(merged.Sample), typ, *out)
	return err
}

func writeGzip(name string, body []byte) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	z := gzip.NewWriter(file)
	_, err = z.Write(body)
	return errors.Join(err, z.Close(), file.Close())
}

// unitOf is the unit of values of a profile type.
func unitOf(typ string) string {
	parts := strings.Split(typ, ":")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

func share(v, total int64) float64 { return 100 * float64(v) / float64(max(1, total)) }

// quantity writes a value with a unit that fits its size.
func quantity(v int64, unit string) string {
	type scale struct {
		size float64
		name string
	}
	scales := []scale{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {1, ""}}
	switch unit {
	case "nanoseconds":
		scales = []scale{{60e9, " min"}, {1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}, {1, " ns"}}
	case "bytes":
		scales = []scale{{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, " B"}}
	}
	for _, s := range scales {
		if f := float64(v); f >= s.size || f <= -s.size || s.size == 1 {
			return fmt.Sprintf("%.4g%s", f/s.size, s.name)
		}
	}
	return fmt.Sprint(v)
}
