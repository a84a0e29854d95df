//go:build !unix

package telemetry

import "time"

// CPUTime is the CPU time that this process has used; 0 here, where the system
// has no simple way to tell.
func CPUTime() time.Duration { return 0 }
