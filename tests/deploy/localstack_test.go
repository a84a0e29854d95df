package deploy

import (
	"bufio"
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/localstack/emulators"
)

// followLocalstack runs the commands of localstack/README.md, in one shell:
// Docker's are read only, and in the place of its container are LocalStack and
// DynamoDB Local, by the variables that name a service. The last command serves
// until it is stopped: on a free port, and with schedules of some seconds.
func followLocalstack(t *testing.T, c clone) {
	set := emulators.Set{
		S3: emulators.Endpoint(t, emulators.EnvLocalStack), SQS: emulators.Endpoint(t, emulators.EnvLocalStack),
		DynamoDB: emulators.Endpoint(t, emulators.EnvDynamoDB),
	}
	s := c.shell(t, "", set)
	d := read(t, localstackReadme)
	b := d.section(t, withDocker, claims()[localstackReadme][withDocker])[0]
	b.ran = true
	text := strings.TrimSpace(b.text)
	comment := strings.LastIndex(text, "#")
	require.Greater(t, comment, strings.LastIndex(text, "\n"), "the last command has a comment")
	printed, url := s.serve(text[:comment] + "-listen 127.0.0.1:0 -period 5s")
	require.Contains(t, printed, "not started, for this is no Docker: localstack")

	out, err := s.script("curl --fail --silent --data-binary @tests/fixtures/cpu-gofmt.pb.gz '"+url+"/ingest?format=pprof&name=my-app'", false)
	require.NoError(t, err, out)
	question := &block{text: "curl --fail --silent -H 'Content-Type: application/json' -d '{}' " + url + "/querier.v1.QuerierService/ProfileTypes"}
	s.runUntil(question, nil, `"process_cpu"`, "the functions find bucket, tables and queues by the environment")
	require.Empty(t, d.left())
}

var serves = regexp.MustCompile(`serves on (http://[\w.:]+)`)

// serve runs commands of which the last one serves until the end of the test. It
// returns what was printed until then, and where it serves.
func (s *shell) serve(text string) (printed, url string) {
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", text)
	var logged bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = s.dir, s.environment, &logged
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	ended := make(chan struct{})
	found := make(chan string, 1)
	go func() {
		defer close(ended)
		defer close(found)
		lines := bufio.NewScanner(stdout)
		var all strings.Builder
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
			if serves.MatchString(lines.Text()) {
				found <- all.String()
				break
			}
		}
		for lines.Scan() { // or it would wait to be read
		}
		_ = cmd.Wait() // it is interrupted
	}()
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		<-ended
		if s.t.Failed() {
			s.t.Log(tail(logged.String()))
		}
	})
	select {
	case printed = <-found:
	case <-time.After(5 * time.Minute):
	}
	require.NotEmpty(s.t, printed, "it does not say where it serves: %s", text)
	s.t.Log(text + "\n" + printed)
	return printed, serves.FindStringSubmatch(printed)[1]
}
