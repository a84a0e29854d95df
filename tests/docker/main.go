// Command docker stands in for Docker where a test runs the commands of a
// document and there is none: it takes `docker compose up`, reads the composition
// as Docker Compose does (by the same package: schema, interpolation, profiles,
// dependencies), prints what would be started, and starts nothing.
//
//	docker compose -f docker-compose.yml --profile look up --detach --wait
//
// It is a module of its own, for nothing of Pyrocumulus depends on Compose.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docker:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "compose" {
		return fmt.Errorf("%q: only docker compose up is known here", args)
	}
	for _, arg := range args { // Go's flags would take it
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			return fmt.Errorf("%s: want --%s", arg, arg[1:])
		}
	}
	var files, profiles values
	before := flag.NewFlagSet("docker compose", flag.ContinueOnError)
	before.Var(&files, "f", "`file` of the composition")
	before.Var(&files, "file", "`file` of the composition")
	before.Var(&profiles, "profile", "`profile` whose services are wanted too")
	if err := before.Parse(args[1:]); err != nil {
		return err
	}
	if before.NArg() == 0 || before.Arg(0) != "up" {
		return fmt.Errorf("%q: only docker compose up is known here", before.Args())
	}
	up := flag.NewFlagSet("docker compose up", flag.ContinueOnError)
	for _, name := range []string{"d", "detach", "wait"} {
		up.Bool(name, false, "")
	}
	if err := up.Parse(before.Args()[1:]); err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("which composition? -f says it")
	}
	return tell(ctx, files, profiles, up.Args(), out)
}

// tell prints the services that would be started, of those that are named or of
// all.
func tell(ctx context.Context, files, profiles, named []string, out io.Writer) error {
	options, err := cli.NewProjectOptions(files, cli.WithOsEnv, cli.WithProfiles(profiles))
	if err != nil {
		return fmt.Errorf("read %s: %w", files, err)
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", files, err)
	}
	if len(named) > 0 {
		if project, err = project.WithSelectedServices(named); err != nil {
			return fmt.Errorf("choose services: %w", err)
		}
	}
	services := project.ServiceNames()
	if len(services) == 0 {
		return errors.New("no service selected")
	}
	slices.Sort(services)
	fmt.Fprintln(out, "not started, for this is no Docker:", strings.Join(services, " "))
	return nil
}

// values collects a flag that may be given several times.
type values []string

func (v *values) String() string { return strings.Join(*v, ",") }

// Set adds one.
func (v *values) Set(value string) error {
	*v = append(*v, value)
	return nil
}
