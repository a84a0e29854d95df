package documents

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Server is a local host that a command has started.
type Server struct {
	URL  string // where it says that it serves
	done <-chan error
	stop context.CancelFunc
}

var servesOn = regexp.MustCompile(`serves on (http://\S+),`)

// Serve runs a command such as make run and waits until it says where it serves.
func (s Shell) Serve(ctx context.Context, text string) (*Server, error) {
	ctx, stop := context.WithCancel(ctx)
	cmd, err := s.command(ctx, text)
	if err != nil {
		stop()
		return nil, err
	}
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		stop()
		return nil, fmt.Errorf("run %q: %w", text, err)
	}
	done := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		writer.Close()
		done <- err
	}()
	server := &Server{done: done, stop: stop}
	var said strings.Builder
	lines := bufio.NewScanner(reader)
	for server.URL == "" && lines.Scan() {
		fmt.Fprintln(&said, lines.Text())
		if m := servesOn.FindStringSubmatch(lines.Text()); m != nil {
			server.URL = m[1]
		}
	}
	if server.URL == "" {
		stop()
		return nil, fmt.Errorf("%q does not say where it serves: %w\n%s", text, <-done, &said)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }() // ends with the command
	return server, nil
}

// Stop ends it as Ctrl-C does, and waits until it is gone.
func (s *Server) Stop() {
	s.stop()
	<-s.done
}
