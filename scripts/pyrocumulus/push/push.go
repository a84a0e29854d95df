// Package push is the command that sends profiles.
package push

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/client"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/progress"
	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/question"
	"github.com/pyrocumulus/pyrocumulus/shared/attime"
)

const help = `FILE is a file, a pattern such as 'profiles/*.pb.gz', or - for the standard input.
What is in it is told by its content: a pprof, a recording of the Java Flight
Recorder, speedscope, or folded stacks ("main;work 12", one a line), each also
gzip. Of the other formats name -format.

A pprof has a time of its own, all others are given the present one, unless -time
says another. A file of more than 4 MiB is uploaded first. What was pushed can be
queried after some seconds, on AWS after about a minute.`

// Command sends profiles.
func Command() *command.Command {
	return &command.Command{
		Name: "push", Args: "FILE...", Short: "send profiles: pprof, folded stacks, JFR, speedscope", Long: help,
		Examples: []string{
			"push -service shop cpu.pprof", "push -service shop -label version=1.2 -label zone=eu 'profiles/*.pb.gz'",
			"push -service batch -kind alloc_space -time now-10m stacks.folded", "push -service shop - < cpu.pprof",
		},
		JSON: `[{"file": "cpu.pprof", "format": "pprof", "bytes": 1234}]`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			p := pusher{env: env, server: client.Flags(env, flags)}
			flags.StringVar(&p.service, "service", "", "`name` of the service; required")
			flags.StringVar(&p.format, "format", autoFormat, "`format` of the files: "+strings.Join(formats(), ", "))
			flags.StringVar(&p.kind, "kind", "", "what folded stacks and speedscope count: a `kind` as cpu, wall, alloc_space, goroutines; default: cpu")
			flags.StringVar(&p.time, "time", "", "`time` of the profiles, whatever they say: now-5m, Unix seconds or milliseconds")
			flags.Var(&p.labels, "label", "label, as `name=value`; may be repeated")
			p.asJSON, p.quiet = command.JSONFlag(flags), progress.QuietFlag(flags)
			return command.Action{Run: p.run, Complete: func(ctx context.Context, name string, _ []string) []string {
				switch name {
				case "service":
					return question.LabelValues(ctx, p.server, "service_name", env.Now())
				case "":
					return []string{command.Files}
				case "format":
					return formats()
				}
				return nil
			}}
		},
	}
}

// pusher is what flags say.
type pusher struct {
	env                         *command.Env
	server                      *client.Server
	service, format, kind, time string
	labels                      labelFlags
	asJSON, quiet               *bool
}

// pushed is a file that was taken.
type pushed struct {
	File   string `json:"file"`
	Format string `json:"format"`
	Bytes  int    `json:"bytes"`
}

func (p *pusher) run(ctx context.Context, args []string) error {
	at, err := p.check()
	if err != nil {
		return err
	}
	files, err := expand(args)
	if err != nil {
		return err
	}
	report := progress.New(p.env, !*p.asJSON && !*p.quiet)
	defer report.End()
	done := make([]pushed, 0, len(files))
	for i, file := range files {
		report.Update("pushed", i, len(files))
		one, err := p.push(ctx, file, at)
		if err != nil {
			if i > 0 {
				err = fmt.Errorf("%w (%d of %d files were pushed before)", err, i, len(files))
			}
			return fmt.Errorf("push %s: %w", file, err)
		}
		done = append(done, one)
	}
	report.End()
	if *p.asJSON {
		return p.env.JSON(done)
	}
	total := 0
	for _, one := range done {
		total += one.Bytes
		if len(done) == 1 {
			fmt.Fprintf(p.env.Stdout, "%s: %s, %d bytes\n", one.File, one.Format, one.Bytes)
		}
	}
	if len(done) > 1 {
		fmt.Fprintf(p.env.Stdout, "%d files, %d bytes\n", len(done), total)
	}
	return nil
}

// check finds what is wrong with the flags, and reads the time, zero if there is
// none.
func (p *pusher) check() (at time.Time, err error) {
	if p.service == "" {
		return at, command.Usagef("name the service with -service")
	}
	if !slices.Contains(formats(), p.format) {
		return at, command.Usagef("-format %q: want one of %s", p.format, strings.Join(formats(), ", "))
	}
	if p.time != "" {
		if at, err = attime.Parse(p.time, p.env.Now()); err != nil {
			return at, command.Usagef("-time %q: %w; say now-5m, or Unix seconds", p.time, err)
		}
	}
	return at, nil
}

func (p *pusher) push(ctx context.Context, file string, at time.Time) (pushed, error) {
	body, err := read(p.env.Stdin, file)
	if err != nil {
		return pushed{}, err
	}
	format := p.format
	if format == autoFormat {
		if format, err = detect(body); err != nil {
			return pushed{}, err
		}
	}
	done := pushed{file, format, len(body)}
	query := url.Values{"name": {p.name(format)}, "format": {format}}
	if !at.IsZero() {
		query.Set("from", strconv.FormatInt(at.UnixMilli(), 10))
		if format == "pprof" {
			if body, err = retimed(body, at); err != nil {
				return pushed{}, err
			}
		}
	}
	return done, p.deliver(ctx, "/ingest?"+query.Encode(), body)
}

// name is the parameter of the service and the labels. Of stacks it has the kind
// at its end, which the server takes off again.
func (p *pusher) name(format string) string {
	name := p.service
	switch format {
	case "pprof", "jfr":
	case "speedscope": // says itself what it counts
		if p.kind != "" {
			name += "." + p.kind
		}
	default:
		name += "." + cmp.Or(p.kind, "cpu")
	}
	if len(p.labels) > 0 {
		name += "{" + p.labels.String() + "}"
	}
	return name
}

// labelFlags gathers -label name=value.
type labelFlags []string

func (l *labelFlags) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *labelFlags) Set(v string) error {
	name, value, ok := strings.Cut(v, "=")
	switch {
	case !ok || name == "":
		return errors.New("want name=value")
	case strings.ContainsAny(value, ",}"):
		return errors.New("a value cannot have a comma or a brace")
	}
	*l = append(*l, v)
	return nil
}
