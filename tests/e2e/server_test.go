package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	startTime = 15 * time.Second // longest that a host may take to be ready
	stopTime  = 20 * time.Second // and to stop
)

// server is a running host.
type server struct {
	cmd    *exec.Cmd
	url    string
	log    string        // path of what it wrote to stderr
	exited chan struct{} // closed when err is set
	err    error
}

var variable = regexp.MustCompile(`^[A-Z_]+=`)

var servesOn = regexp.MustCompile(`serves on (http://\S+),`)

// startServer starts the host on a free port, with its data and its log in dir,
// and waits until it is ready.
func startServer(dir string, environment []string, flags ...string) (*server, error) {
	s := &server{log: filepath.Join(dir, "server.log"), exited: make(chan struct{})}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.cmd = exec.Command(binary, append([]string{
		"-listen", "127.0.0.1:0", "-data", filepath.Join(dir, "data"), "-flush-interval", "200ms",
		"-self-profile=false", "-log-level", "info",
	}, flags...)...)
	s.cmd.Env = append(os.Environ(), environment...)
	s.cmd.Stderr = log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	said := make(chan string, 1)
	go s.follow(stdout, said)
	select {
	case s.url = <-said:
		return s, s.waitReady()
	case <-s.exited:
		return nil, errors.New(s.logged())
	case <-time.After(startTime):
		s.kill()
		return nil, fmt.Errorf("the host does not say where it serves:\n%s", s.logged())
	}
}

// follow finds the URL in what the host prints, and waits for its end.
func (s *server) follow(stdout io.Reader, url chan<- string) {
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() {
		if m := servesOn.FindStringSubmatch(scanner.Text()); m != nil {
			url <- m[1]
		}
	}
	s.err = s.cmd.Wait()
	close(s.exited)
}

func (s *server) waitReady() error {
	deadline := time.Now().Add(startTime)
	for {
		response, err := http.Get(s.url + "/ready")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(response.Status)
		}
		if time.Now().After(deadline) {
			s.kill()
			return fmt.Errorf("the host does not become ready: %w", err)
		}
		time.Sleep(pollInterval)
	}
}

// stop ends the host as a user does who presses Ctrl-C. It must exit with 0
// and have logged no error since it was started.
func (s *server) stop() error {
	// For connections that were opened and not used a server waits 5 seconds.
	http.DefaultClient.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(stopTime):
		s.kill()
		return fmt.Errorf("the host does not stop:\n%s", s.logged())
	}
	if s.err != nil {
		return fmt.Errorf("the host stops: %w\n%s", s.err, s.logged())
	}
	if i := slices.IndexFunc(lines(s.logged()), isError); i >= 0 {
		return fmt.Errorf("the host logged an error:\n%s", lines(s.logged())[i])
	}
	return nil
}

func isError(line string) bool { return strings.Contains(line, `"level":"ERROR"`) }

// kill ends the host without warning, and returns when it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // or it is gone already
	<-s.exited
}

func (s *server) logged() string {
	b, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// serve starts the host.
func (c *call) serve() {
	if c.server != nil && !c.neg {
		c.ts.Fatalf("a host is running")
	}
	var environment []string
	for len(c.args) > 0 && variable.MatchString(c.args[0]) {
		environment, c.args = append(environment, c.args[0]), c.args[1:]
	}
	dir := c.dir
	if c.neg { // whose log must not go over that of a running one
		dir = c.path("refused")
		c.ts.Check(os.MkdirAll(dir, 0o755))
	}
	s, err := startServer(dir, environment, c.args...)
	switch {
	case c.neg && err == nil:
		s.kill()
		c.ts.Fatalf("the host starts")
	case c.neg:
		fmt.Fprintln(c.ts.Stderr(), err)
	default:
		c.ts.Check(err)
		c.server = s
	}
}

// shutdown stops the host.
func (c *call) shutdown() {
	c.url()
	s := c.server
	c.server = nil
	c.ts.Check(s.stop())
}

// crash kills the host.
func (c *call) crash() {
	c.url()
	c.server.kill()
	c.server = nil
}
