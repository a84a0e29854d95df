// Package version is the command that tells which version this is.
package version

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/pyrocumulus/pyrocumulus/scripts/pyrocumulus/command"
)

// told is what the Go command wrote into the program when it built it.
type told struct {
	Version  string `json:"version"` // of the module; "(devel)" from a checkout without tags
	Revision string `json:"revision"`
	Time     string `json:"time"` // of the revision
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Command tells the version.
func Command() *command.Command {
	return &command.Command{
		Name: "version", Short: "tell which version this is",
		Examples: []string{"version", "version -json"},
		JSON: `{"version": "v0.1.0", "revision": "0123456789abcdef0123456789abcdef01234567", "time": "2026-01-02T15:04:05Z",
 "modified": false, "go": "go1.26.0", "platform": "linux/amd64"}`,
		New: func(env *command.Env, flags *flag.FlagSet) command.Action {
			asJSON := command.JSONFlag(flags)
			return command.Action{Run: func(_ context.Context, args []string) error {
				if err := command.NoArgs(args); err != nil {
					return err
				}
				t := build()
				if *asJSON {
					return env.JSON(t)
				}
				text := t.Version
				if t.Revision != "" {
					text += ", revision " + t.Revision
				}
				if t.Modified {
					text += " with changes"
				}
				_, err := fmt.Fprintf(env.Stdout, "pyrocumulus %s, %s, %s\n", text, t.Go, t.Platform)
				return err
			}}
		},
	}
}

func build() told {
	t := told{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	t.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			t.Revision = s.Value
		case "vcs.time":
			t.Time = s.Value
		case "vcs.modified":
			t.Modified = s.Value == "true"
		}
	}
	return t
}
