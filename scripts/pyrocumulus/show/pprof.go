package show

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"google.golang.org/protobuf/proto"

	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
)

// Pprof writes the merged profile.
func Pprof() *command.Command {
	return &command.Command{
		Name: "pprof", Args: "-o FILE", Short: "write the merged profile as a pprof, for go tool pprof",
		Examples: []string{"pprof -service shop -o shop.pb.gz", "pprof -service shop -type alloc_space -o - | go tool pprof -top -"},
		JSON:     `{"file": "shop.pb.gz", "type": "process_cpu:cpu:nanoseconds:cpu:nanoseconds", "stacks": 12}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			q := question.Flags(env, flags)
			out := flags.String("o", "", "`file` to write, gzip; - is the standard output")
			asJSON := command.JSONFlag(flags)
			return command.Action{Complete: q.Complete, Run: func(ctx context.Context, args []string) error {
				if err := command.NoArgs(args); err != nil {
					return err
				}
				switch {
				case *out == "":
					return command.Usagef("name the file to write with -o")
				case *out == "-" && *asJSON:
					return command.Usagef("-json and -o - would both write to the standard output")
				case *out == "-" && env.Out.Terminal:
					return command.Usagef("a pprof is no text: name a file with -o, or pipe it")
				}
				return writePprof(ctx, env, q, *out, *asJSON)
			}}
		},
	}
}

func writePprof(ctx context.Context, env *command.Env, q *question.Question, out string, asJSON bool) error {
	p, err := q.Plain(ctx)
	if err != nil {
		return err
	}
	res, err := q.Merged(ctx, p, querierv1.ProfileFormat_PROFILE_FORMAT_PPROF)
	if err != nil {
		return err
	}
	merged := res.GetPprof().GetProfile()
	if len(merged.GetSample()) == 0 {
		return question.Nothing(p)
	}
	body, err := proto.Marshal(merged)
	if err != nil {
		return fmt.Errorf("encode the profile: %w", err)
	}
	if out == "-" {
		return writeGzip(env.Stdout, body)
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := errors.Join(writeGzip(file, body), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	if asJSON {
		return env.JSON(struct {
			File   string `json:"file"`
			Type   string `json:"type"`
			Stacks int    `json:"stacks"`
		}{out, p.Type, len(merged.Sample)})
	}
	_, err = fmt.Fprintf(env.Stdout, "%d stacks of %s written: go tool pprof -http : %s\n", len(merged.Sample), p.Type, out)
	return err
}

func writeGzip(w io.Writer, body []byte) error {
	z := gzip.NewWriter(w)
	_, err := z.Write(body)
	return errors.Join(err, z.Close())
}
