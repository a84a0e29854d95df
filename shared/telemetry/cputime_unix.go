//go:build unix

package telemetry

import (
	"syscall"
	"time"
)

// CPUTime is the CPU time that this process has used, in user mode and kernel;
// 0 where the system does not tell. On Lambda a process serves one invocation
// at a time, so what it grows by meanwhile is the invocation's.
func CPUTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
