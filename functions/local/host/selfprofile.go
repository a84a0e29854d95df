package host

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/grafana/pyroscope-go"

	"github.com/pyrocumulus/pyrocumulus/shared/config"
	"github.com/pyrocumulus/pyrocumulus/shared/token"
)

// selfService is the service name of the host's own profiles.
const selfService = "pyrocumulus"

// selfTenant owns them if there are several tenants.
const selfTenant = "pyrocumulus"

// selfTokenName is the name of the token that they are sent with.
const selfTokenName = "self-profile"

// selfRate is how often they are sent: more often than by other programs, for CPU
// time is sent at the second time, and somebody who has just started the host for
// the first time looks at the page.
const selfRate = 5 * time.Second

// Rates of the runtime's own sampling: one mutex event in mutexFraction, and
// blocking of blockRate nanoseconds on average. Both cost next to nothing.
const (
	mutexFraction = 100
	blockRate     = 100_000
)

// profileSelf sends profiles of this process to itself, the way any program
// does with the Go SDK, and returns how to stop it.
func (h *Host) profileSelf(ctx context.Context, url string) (stop func()) {
	log := h.config.Log
	proof, err := h.selfToken(ctx)
	if err != nil {
		log.Error("start self-profiling", "err", err)
		return func() {}
	}
	runtime.SetMutexProfileFraction(mutexFraction)
	runtime.SetBlockProfileRate(blockRate)
	user := ""
	if proof != "" {
		user = selfTenant
	}
	p, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: selfService, ServerAddress: url, TenantID: selfTenant, UploadRate: selfRate,
		BasicAuthUser: user, BasicAuthPassword: proof,
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

// selfToken returns a token to send them with, if one is needed: always the same,
// with a secret for each run.
func (h *Host) selfToken(ctx context.Context) (string, error) {
	if h.auth != config.AuthToken {
		return "", nil
	}
	admin := token.Admin{Store: h.records, Now: time.Now}
	all, err := admin.List(ctx, selfTenant)
	if err != nil {
		return "", err
	}
	var text token.Text
	mine := slices.IndexFunc(all, func(t token.Token) bool { return t.Name == selfTokenName && t.Revoked.IsZero() && t.Expires.IsZero() })
	if mine >= 0 {
		_, text, err = admin.Rotate(ctx, selfTenant, all[mine].ID, 0)
	} else {
		_, text, err = admin.Create(ctx, token.Spec{Tenant: selfTenant, Name: selfTokenName, Scopes: []token.Scope{token.ScopeIngest}})
	}
	return text.Reveal(), err
}

// sdkLogger passes on what the SDK has to say, but for its chatter.
type sdkLogger struct{ log *slog.Logger }

func (l sdkLogger) Infof(string, ...any)  {}
func (l sdkLogger) Debugf(string, ...any) {}
func (l sdkLogger) Errorf(format string, args ...any) {
	l.log.Warn("self-profiling", "err", fmt.Sprintf(format, args...))
}
