// Command build makes the zip file of each function that AWS Lambda takes: one
// stripped binary for linux/arm64, called bootstrap.
//
// The binary stays beside its zip, as <out>/<function>/bootstrap: one that has not
// changed is not linked again.
//
// The same sources and the same version of Go give the same bytes, wherever
// and whenever they are built, so that a deployment of an unchanged function
// changes nothing.
//
// With -platform the zips are for another machine, such as that of an emulator
// which runs functions as processes of its own.
//
// With -native it builds for this machine instead, and packs nothing: binaries only,
// for package localstack/runtimeapi.
//
// Usage: go run ./scripts/build [-out .build] [-platform linux/arm64] [-native] [function ...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// lambda is what the deployed functions run on: provided.al2023 on Graviton.
const lambda = "linux/arm64"

// notDeployed is the function that runs all others on a laptop.
const notDeployed = "local"

func main() {
	out := flag.String("out", ".build", "folder for the zip files")
	native := flag.Bool("native", false, "build <out>/<function>/bootstrap for this machine, and no zip files")
	platform := flag.String("platform", lambda, "`GOOS/GOARCH` that the zip files are for; the stack says that it is this one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *platform, *native, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, platform string, native bool, names []string) error {
	system, architecture, ok := strings.Cut(platform, "/")
	if !ok {
		return fmt.Errorf("-platform is %q: want GOOS/GOARCH, as %s", platform, lambda)
	}
	if len(names) == 0 {
		var err error
		if names, err = functions("functions"); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make folder for zip files: %w", err)
	}
	build := func(name string) error { return buildZip(ctx, name, out, "GOOS="+system, "GOARCH="+architecture) }
	if native {
		build = func(name string) error { return buildNative(ctx, name, out) }
	}
	for _, name := range names {
		if err := build(name); err != nil {
			return fmt.Errorf("build function %s: %w", name, err)
		}
	}
	if len(names) == 0 {
		fmt.Println("no functions to build yet")
	}
	return nil
}

// functions lists the folders below dir that hold a function to deploy.
func functions(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list functions: %w", err)
	}
	var names []string
	for _, entry := range entries {
		sources, err := filepath.Glob(filepath.Join(dir, entry.Name(), "main.go"))
		if err != nil {
			return nil, fmt.Errorf("look for the main of %s: %w", entry.Name(), err)
		}
		if len(sources) > 0 && entry.Name() != notDeployed {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func buildZip(ctx context.Context, name, out string, platform ...string) error {
	binary := filepath.Join(out, name, bootstrap)
	if err := compile(ctx, name, binary, platform...); err != nil {
		return err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return fmt.Errorf("read binary: %w", err)
	}
	archive, err := zipBootstrap(content)
	if err != nil {
		return err
	}
	target := filepath.Join(out, name+".zip")
	if err := os.WriteFile(target, archive, 0o644); err != nil {
		return fmt.Errorf("write zip file: %w", err)
	}
	fmt.Printf("%s\t%.1f MB, unpacked %.1f MB\n", target, float64(len(archive))/1e6, float64(len(content))/1e6)
	return nil
}

// buildNative makes the binary of a function as Lambda gets it, but for this
// machine.
func buildNative(ctx context.Context, name, out string) error {
	return compile(ctx, name, filepath.Join(out, name, bootstrap), "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
}

// compile builds the binary of a function. The tag lambda.norpc leaves out code
// for a runtime that is gone. The state of the working copy is not stamped in:
// it would change the bytes of functions that a commit has not touched.
func compile(ctx context.Context, name, binary string, platform ...string) error {
	cmd := exec.CommandContext(ctx, "go", "build",
		"-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", binary, "./functions/"+name)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="), platform...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compile: %w", err)
	}
	return nil
}
