package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
	"github.com/pyrocumulus/pyrocumulus/localstack/runtimeapi"
)

// Config says how [Run] runs the stack.
type Config struct {
	Listen     string        // host:port of the HTTP API
	Invoke     string        // host:port of Lambda's Invoke API
	Bootstraps string        // folder of the bootstraps; "": they are built
	Prefix     string        // of the names of resources
	Period     time.Duration // of schedules
	Logs       io.Writer     // gets what functions write
	Log        *slog.Logger
	// Ready is called once requests are served; may be nil.
	Ready func(url, invokeURL string)
}

// Run makes the resources in the emulators unless the environment names them, starts the functions and serves until
// ctx ends. Functions are killed at the end: what was pushed is in the queue or
// in the store.
func Run(ctx context.Context, set emulators.Set, c Config) error {
	resources, err := FindResources(ctx, set, c.Prefix, os.LookupEnv)
	if err != nil {
		return err
	}
	if c.Bootstraps == "" {
		dir, err := os.MkdirTemp("", "pyrocumulus-functions-")
		if err != nil {
			return fmt.Errorf("make folder for functions: %w", err)
		}
		defer os.RemoveAll(dir)
		if err := Build(ctx, dir); err != nil {
			return err
		}
		c.Bootstraps = dir
	}
	invoke, err := net.Listen("tcp", c.Invoke)
	if err != nil {
		return fmt.Errorf("listen for invocations on %s (choose another with -invoke): %w", c.Invoke, err)
	}
	defer invoke.Close()
	functions, err := Functions(c.Bootstraps, Variables(set, resources, "http://"+invoke.Addr().String()))
	if err != nil {
		return err
	}
	host, err := runtimeapi.New(runtimeapi.Options{Logs: c.Logs}, functions...)
	if err != nil {
		return err
	}
	defer host.Close()
	front, err := Front(host, c.Log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (choose another with -listen): %w", c.Listen, err)
	}
	cfg, err := set.Config(ctx)
	if err != nil {
		return err
	}
	tickCtx, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { Tick(tickCtx, host, c.Period, c.Log) })
	background.Go(func() { Map(tickCtx, host, cfg, resources.JobsURL, c.Log) })
	defer background.Wait()
	defer stop()
	if c.Ready != nil {
		c.Ready("http://"+listener.Addr().String(), "http://"+invoke.Addr().String())
	}
	return serve(ctx, map[net.Listener]http.Handler{listener: front, invoke: host.InvokeAPI()})
}

// serve serves each handler until ctx ends or one fails.
func serve(ctx context.Context, handlers map[net.Listener]http.Handler) error {
	failed := make(chan error, len(handlers))
	var servers []*http.Server
	for listener, handler := range handlers {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		servers = append(servers, server)
		go func() { failed <- server.Serve(listener) }()
	}
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(stopCtx))
	}
	return err
}
