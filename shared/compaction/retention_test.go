package compaction_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/objstore/objstoretest/faultplan"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/retention"
	"github.com/pyrocumulus/pyrocumulus/shared/sweep"
)

// archive is a factory under rules of retention.
type archive struct {
	*factory
	admin retention.Admin
	gone  map[string]int64 // when services were deleted, by tenant and name
}

func newArchive(t testing.TB, seed uint64, keep time.Duration) *archive {
	a := &archive{factory: newFactory(t, seed), gone: make(map[string]int64)}
	a.rules = retention.Reader{Store: a.records, Default: keep}
	a.admin = retention.Admin{Store: a.records, Default: keep, Now: a.clock}
	return a
}

func (a *archive) bound(tenant profile.TenantID) block.Bound {
	rules, err := a.admin.Rules(a.t.Context(), tenant)
	require.NoError(a.t, err)
	return rules.Bound(a.clock())
}

// sum adds up what blocks hold that counts, as a query does.
func (a *archive) sum(tenant profile.TenantID, b block.Bound) int64 {
	var metas []*block.Meta
	for _, r := range a.blocks(tenant) {
		m, err := block.ParseMeta(r.Detail)
		require.NoError(a.t, err)
		if m = m.Counting(b); m != nil {
			metas = append(metas, m)
		}
	}
	tree, err := a.engine.Tree(a.t.Context(), metas, engine.Query{Type: cpu, From: 0, To: math.MaxInt64, Bounds: block.Bounds{tenant: b}})
	require.NoError(a.t, err)
	return tree.Total()
}

// counting is the same of what was pushed.
func (a *archive) counting(tenant profile.TenantID, b block.Bound) (sum int64) {
	for i := range a.truth[tenant] {
		x := &a.truth[tenant][i]
		service := x.Labels.Get(profile.LabelServiceName)
		if x.Type == cpu && x.TimeNanos >= b.Of(service) && x.TimeNanos >= a.gone[string(tenant)+service] {
			sum += x.Value
		}
	}
	return sum
}

func (a *archive) requireCounting(what string) {
	a.t.Helper()
	for tenant := range a.truth {
		b := a.bound(tenant)
		require.Equal(a.t, a.counting(tenant, b), a.sum(tenant, b), "%s: tenant %s", what, tenant)
	}
}

// tidy plans, works and sweeps once.
func (a *archive) tidy() {
	s := sweep.DefaultSettings()
	_, _ = a.planner().Run(a.t.Context())
	a.work(a.worker())
	_, _ = a.sweeper(s).Rows(a.t.Context())
	_, _ = a.sweeper(s).Orphans(a.t.Context())
}

// TestAnyRulesGiveTheAnswersOfAPlainModel deletes services, shortens what is
// kept, pushes, merges, sweeps, fails and lets time pass in random order, and
// compares the answers on the way. In the end nothing is stored any more of what
// was deleted, and the rules are forgotten.
func TestAnyRulesGiveTheAnswersOfAPlainModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			a := newArchive(t, 300+seed, []time.Duration{0, 100 * 24 * time.Hour}[seed%2])
			keep := 90 * 24 * time.Hour
			for range 80 {
				what := a.rule(&keep)
				a.requireCounting(what)
			}
			a.plan.Revive()
			for range 16 {
				a.advance(2 * time.Hour)
				a.tidy()
				a.requireCounting("at rest")
			}
			a.advance(48 * time.Hour)
			for range 6 {
				a.tidy()
				a.advance(2 * time.Hour)
				a.requireCounting("settled")
			}
			for tenant := range a.truth {
				rules, err := a.admin.Rules(t.Context(), tenant)
				require.NoError(t, err)
				deletions := block.Bound{Services: make(map[string]int64)}
				for service, d := range rules.Deleted {
					deletions.Services[service] = d.Before.UnixNano()
				}
				require.Equal(t, a.sum(tenant, deletions), a.sum(tenant, block.Bound{}), "what was deleted is stored")
			}
			a.advance(retention.Settled)
			a.tidy()
			for tenant := range a.truth {
				rules, err := a.admin.Rules(t.Context(), tenant)
				require.NoError(t, err)
				require.Empty(t, rules.Deleted)
			}
			a.requireCounting("forgotten")
		})
	}
}

// rule does one thing and says what.
func (a *archive) rule(keep *time.Duration) string {
	tenant := profile.TenantID([]string{"acme", "rival"}[a.r.IntN(2)])
	service := fmt.Sprintf("service-%d", a.r.IntN(3))
	switch n := a.r.IntN(20); {
	case n < 9:
		a.advance(time.Duration(a.r.Int64N(int64(20 * time.Second))))
		a.push(tenant, 1+a.r.IntN(2), time.Second<<a.r.IntN(13))
		return "push"
	case n < 10:
		d, err := a.admin.Delete(a.t.Context(), tenant, service)
		require.NoError(a.t, err)
		a.gone[string(tenant)+service] = d.Before.UnixNano()
		return "delete " + service
	case n < 11:
		*keep -= time.Duration(a.r.Int64N(int64(*keep / 3)))
		require.NoError(a.t, a.admin.Keep(a.t.Context(), tenant, service, *keep))
		return "keep shorter"
	case n < 15:
		a.tidy()
		return "tidy"
	case n < 17:
		a.advance(time.Duration(a.r.Int64N(int64(time.Minute) << a.r.IntN(10))))
		return "time"
	case n < 18:
		a.plan.CrashAt(1+a.r.IntN(30), faultplan.Both[a.r.IntN(2)])
		return "crash soon"
	default:
		a.plan.Revive()
		return "revive"
	}
}
