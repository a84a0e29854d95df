package compaction_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/blockindex"
	"github.com/pyrocumulus/pyrocumulus/shared/compaction"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
)

var update = flag.Bool("update", false, "write golden files anew")

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// idOf is the id of a block that a plan calls by a short name.
func idOf(name string, committed time.Time) string {
	var u ulid.ULID
	if err := u.SetTime(uint64(committed.UnixMilli())); err != nil {
		panic(err)
	}
	copy(u[6:], name)
	return u.String()
}

// rowOf makes a row and the least description that planning reads.
func rowOf(tenant profile.TenantID, id string, level int, from, to, committed time.Time, size int64, sources ...string) blockindex.Row {
	m := block.Meta{Tenant: tenant, ID: id, Level: level, Sources: sources, MinTime: from.UnixNano(), MaxTime: to.UnixNano(), Complete: true}
	m.Volumes = []block.Volume{{Size: size, MinTime: m.MinTime, MaxTime: m.MaxTime}}
	return blockindex.Row{
		Tenant: tenant, ID: id, Level: level, Sources: sources, MinTime: m.MinTime, MaxTime: m.MaxTime,
		CommittedAt: committed.UnixMilli(), Detail: m.Append(nil),
	}
}

// TestPlanGolden reads rows, plans at noon and compares with the jobs below
// them. A line of rows is
//
//	acme L0 a 11:59:00 +10s 1MiB          a block of 10 s, committed at its end
//	acme L0 a*20 11:59:00 +10s 1MiB       a1 to a20, one after another
//	acme L1 b 11:59:00 +10s 1MiB = a1 a2  replaces a1 and a2
func TestPlanGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/plan/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			in, _, _ := strings.Cut(string(text), "\n---\n")
			rows, names := parseRows(t, in)
			jobs, err := compaction.Plan(noon, rows, compaction.DefaultPolicy())
			require.NoError(t, err)
			got := strings.TrimSuffix(in, "\n") + "\n---\n" + renderJobs(jobs, names)
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(text), got)
		})
	}
}

var rowLine = regexp.MustCompile(`^(\w+) L(\d) (\w+?)(?:\*(\d+))? ([\d:]+) \+(\w+) (\d+)MiB(?: = ([\w ]+))?$`)

func parseRows(t *testing.T, text string) (rows []blockindex.Row, names map[string]string) {
	names = make(map[string]string)
	ids := make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := rowLine.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		level, _ := strconv.Atoi(m[2])
		clock, err := time.Parse("15:04:05", m[5])
		require.NoError(t, err)
		from := noon.Truncate(24 * time.Hour).Add(clock.Sub(clock.Truncate(24 * time.Hour)))
		length, err := time.ParseDuration(m[6])
		require.NoError(t, err)
		size, _ := strconv.ParseInt(m[7], 10, 64)
		var sources []string
		for _, s := range strings.Fields(m[8]) {
			require.Contains(t, ids, s)
			sources = append(sources, ids[s])
		}
		count := 1
		if m[4] != "" {
			count, _ = strconv.Atoi(m[4])
		}
		for i := range count {
			name, at := m[3], from.Add(time.Duration(i)*length)
			if m[4] != "" {
				name += strconv.Itoa(i + 1)
			}
			id := idOf(name, at.Add(length))
			names[id], ids[name] = name, id
			rows = append(rows, rowOf(profile.TenantID(m[1]), id, level, at, at.Add(length-1), at.Add(length), size<<20, sources...))
		}
	}
	return rows, names
}

func renderJobs(jobs []compaction.Job, names map[string]string) string {
	if len(jobs) == 0 {
		return "nothing to do\n"
	}
	var b strings.Builder
	for _, j := range jobs {
		fmt.Fprintf(&b, "%s L%d %s %dMiB =", j.Tenant, j.Level, j.ID, j.Bytes>>20)
		for _, r := range j.Sources {
			b.WriteString(" " + names[r.ID])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestPlanInvariants plans for random rows.
func TestPlanInvariants(t *testing.T) {
	p := compaction.DefaultPolicy()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		rows := randomRows(r, 1+r.IntN(200))
		jobs, err := compaction.Plan(noon, rows, p)
		require.NoError(t, err)

		shuffled := slices.Clone(rows)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, err := compaction.Plan(noon, shuffled, p)
		require.NoError(t, err)
		require.Equal(t, jobs, again, "the order of rows does not matter")

		replaced, used := make(map[string]bool), make(map[string]bool)
		for _, row := range rows {
			for _, s := range row.Sources {
				replaced[s] = true
			}
		}
		for _, j := range jobs {
			requireSound(t, p, j)
			require.False(t, used[j.ID])
			used[j.ID] = true
			for _, s := range j.Sources {
				require.False(t, replaced[s.ID], "a replaced row is no source")
				require.False(t, used[s.ID], "no two jobs share a source")
				used[s.ID] = true
			}
		}
	}
}

func requireSound(t *testing.T, p compaction.Policy, j compaction.Job) {
	require.GreaterOrEqual(t, len(j.Sources), 2)
	level := p.Levels[j.Level-1]
	require.LessOrEqual(t, len(j.Sources), level.Blocks)
	require.LessOrEqual(t, j.Bytes, p.MaxBytes)
	first, last := j.Sources[0].MinTime, j.Sources[0].MaxTime
	for _, s := range j.Sources {
		require.Equal(t, j.Tenant, s.Tenant)
		require.Equal(t, j.Level-1, s.Level)
		require.Equal(t, j.Sources[0].MinTime/int64(level.Window), s.MinTime/int64(level.Window))
		first, last = min(first, s.MinTime), max(last, s.MaxTime)
	}
	require.LessOrEqual(t, time.Duration(last-first), p.MaxSpan)
}

func randomRows(r *rand.Rand, n int) []blockindex.Row {
	var rows []blockindex.Row
	for i := range n {
		level := r.IntN(5)
		from := noon.Add(-time.Duration(r.Int64N(int64(8 * time.Hour))))
		to := from.Add(time.Duration(r.Int64N(int64(time.Minute) << r.IntN(11))))
		if to.Sub(from) > blockindex.MaxSpan {
			to = from.Add(blockindex.MaxSpan)
		}
		tenant := profile.TenantID([]string{"acme", "rival"}[r.IntN(2)])
		row := rowOf(tenant, idOf(fmt.Sprint(i), to), level, from, to, noon.Add(-time.Duration(r.Int64N(int64(5*time.Hour)))), r.Int64N(1<<r.IntN(28)))
		for _, o := range rows {
			if o.Tenant == tenant && o.Level == level-1 && r.IntN(10) == 0 {
				row.Sources = append(row.Sources, o.ID)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestPlanGoesOnBesideRowsThatCannotBeRead(t *testing.T) {
	var rows []blockindex.Row
	for i := range 3 {
		at := noon.Add(-5 * time.Minute)
		rows = append(rows, rowOf("acme", idOf(fmt.Sprint(i), at), 0, at, at, at, 1))
	}
	rows[1].Detail = []byte("?")
	jobs, err := compaction.Plan(noon, rows, compaction.DefaultPolicy())
	require.ErrorIs(t, err, block.ErrCorrupt)
	require.ErrorContains(t, err, "acme/"+rows[1].ID)
	require.Len(t, jobs, 1)
	require.Len(t, jobs[0].Sources, 2)
}
