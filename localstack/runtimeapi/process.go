package runtimeapi

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// lookAtMemory is how often the memory of a process is compared with what it
// may have.
const lookAtMemory = 20 * time.Millisecond

// process is a bootstrap that runs.
type process struct {
	cmd      *exec.Cmd
	started  time.Time
	peak     atomic.Int64  // bytes
	tooLarge atomic.Bool   // it was killed for its memory
	ended    chan struct{} // closed when it has ended, and state is set
	state    *os.ProcessState
}

// startProcess starts a bootstrap that writes to log.
func startProcess(f Function, variables []string, log *logWriter) (*process, error) {
	cmd := exec.Command(f.Bootstrap)
	cmd.Dir = filepath.Dir(f.Bootstrap)
	cmd.Env = variables
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = processAttributes()
	cmd.WaitDelay = time.Second // for children of it that hold its output open
	p := &process{cmd: cmd, started: time.Now(), ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start bootstrap: %w", err)
	}
	go func() {
		_ = cmd.Wait() // the state says it all
		p.state = cmd.ProcessState
		log.flush()
		close(p.ended)
	}()
	go p.watchMemory(int64(f.MemoryMiB) << 20)
	return p, nil
}

// watchMemory kills the process when it has more memory than it may.
func (p *process) watchMemory(limit int64) {
	ticker := time.NewTicker(lookAtMemory)
	defer ticker.Stop()
	for {
		if p.measure() > limit {
			p.tooLarge.Store(true)
			p.kill()
			return
		}
		select {
		case <-p.ended:
			return
		case <-ticker.C:
		}
	}
}

// measure returns the most memory that the process has had so far.
func (p *process) measure() int64 {
	if bytes, err := peakMemory(p.cmd.Process.Pid); err == nil {
		p.peak.Store(max(bytes, p.peak.Load()))
	}
	return p.peak.Load()
}

// kill ends the process as kill -9 does.
func (p *process) kill() { _ = p.cmd.Process.Kill() } // an error means that it has ended

// cpu is the CPU time that the process took, once it has ended.
func (p *process) cpu() time.Duration { return p.state.UserTime() + p.state.SystemTime() }
