package host

import (
	"fmt"
	"log/slog"
	"runtime"

	"github.com/grafana/pyroscope-go"
)

// selfService is the service name of the host's own profiles.
const selfService = "pyrocumulus"

// selfTenant owns them when multitenancy is on.
const selfTenant = "pyrocumulus"

// Rates of the runtime's own sampling: one mutex event in mutexFraction, and
// blocking of blockRate nanoseconds on average. Both cost next to nothing.
const (
	mutexFraction = 100
	blockRate     = 100_000
)

// profileSelf sends profiles of this process to itself, the way any program
// does with the Go SDK, and returns how to stop it.
func profileSelf(url string, log *slog.Logger) (stop func()) {
	runtime.SetMutexProfileFraction(mutexFraction)
	runtime.SetBlockProfileRate(blockRate)
	p, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: selfService, ServerAddress: url, TenantID: selfTenant,
		ProfileTypes: []pyroscope.ProfileType{
			pyroscope.ProfileCPU, pyroscope.ProfileAllocObjects, pyroscope.ProfileAllocSpace,
			pyroscope.ProfileInuseObjects, pyroscope.ProfileInuseSpace, pyroscope.ProfileGoroutines,
			pyroscope.ProfileMutexCount, pyroscope.ProfileMutexDuration,
			pyroscope.ProfileBlockCount, pyroscope.ProfileBlockDuration,
		},
		Logger: sdkLogger{log},
	})
	if err != nil {
		log.Error("start self-profiling", "err", err)
		return func() {}
	}
	return func() {
		p.Flush(true) // the last seconds, too
		if err := p.Stop(); err != nil {
			log.Warn("stop self-profiling", "err", err)
		}
	}
}

// sdkLogger passes on what the SDK has to say, but for its chatter.
type sdkLogger struct{ log *slog.Logger }

func (l sdkLogger) Infof(string, ...any)  {}
func (l sdkLogger) Debugf(string, ...any) {}
func (l sdkLogger) Errorf(format string, args ...any) {
	l.log.Warn("self-profiling", "err", fmt.Sprintf(format, args...))
}
