// Package duckdb_test holds the sections of a block against an independent
// reader: DuckDB must open each of them, and SQL over them must give the sums
// that the query engine gives.
package duckdb_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/block"
	"github.com/pyrocumulus/pyrocumulus/shared/block/blocktest"
	"github.com/pyrocumulus/pyrocumulus/shared/engine"
	"github.com/pyrocumulus/pyrocumulus/shared/profile"
	"github.com/pyrocumulus/pyrocumulus/shared/selector"
)

// functionTotals is the query of the README: what each function accounts for
// by itself and with what it calls, for one profile type.
const functionTotals = `
WITH RECURSIVE picked AS (
  SELECT s.stack, sum(CASE k.value WHEN 0 THEN value_0 WHEN 1 THEN value_1 WHEN 2 THEN value_2 ELSE value_3 END)::BIGINT AS v
  FROM samples s JOIN profiles p USING (profile) JOIN kinds k USING (kind)
  WHERE k.name = 'process_cpu' AND k.sample_type = 'cpu'
  GROUP BY s.stack
), up AS (
  SELECT stack, stack AS node FROM picked WHERE v <> 0
  UNION ALL
  SELECT up.stack, s.parent FROM up JOIN stacks s ON s.stack = up.node WHERE s.parent >= 0
), on_stack AS (
  SELECT DISTINCT up.stack, f.function
  FROM up JOIN stacks s ON s.stack = up.node JOIN frames f ON f.location = s.location
  WHERE f.function <> ''
), self AS (
  SELECT f.function, sum(v)::BIGINT AS self
  FROM picked JOIN stacks USING (stack) JOIN frames f ON f.location = stacks.location AND f.depth = 0
  WHERE f.function <> '' GROUP BY f.function
)
SELECT function, coalesce(any_value(self), 0)::VARCHAR AS self, sum(v)::BIGINT::VARCHAR AS total
FROM on_stack JOIN picked USING (stack) LEFT JOIN self USING (function)
GROUP BY function ORDER BY function`

func TestSQLGivesTheEnginesTotals(t *testing.T) {
	install(t)
	pushed := blocktest.Random(rand.New(rand.NewPCG(7, 7)), 300, 60)
	for name, opts := range map[string]block.Options{"segment": {}, "compacted": {Slice: 15 * time.Minute, Small: true}} {
		t.Run(name, func(t *testing.T) {
			b := block.NewBuilder(opts)
			for _, p := range pushed {
				require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
			}
			object, meta, err := b.Build("acme", "01J00000000000000000000000", 0, nil)
			require.NoError(t, err)
			rows := query(t, writeSections(t, object), functionTotals,
				`SELECT count(*)::VARCHAR, sum(total_0)::BIGINT::VARCHAR FROM profiles`,
				`SELECT (SELECT count(*) FROM samples)::VARCHAR, (SELECT sum(value_0) FROM samples)::BIGINT::VARCHAR`,
				`SELECT count(*)::VARCHAR FROM profiles p JOIN series s USING (series) WHERE s.name = 'service_name' AND p.kind <> s.kind`,
				`SELECT count(DISTINCT id)::VARCHAR, min(time)::VARCHAR FROM profiles`,
			)
			require.NotEmpty(t, rows[0])
			require.Equal(t, engineTotals(t, object, meta), rows[0])
			require.Equal(t, strconv.FormatInt(meta.Profiles, 10), rows[1][0][0])
			require.Equal(t, strconv.FormatInt(meta.Samples, 10), rows[2][0][0])
			require.Equal(t, rows[1][0][1], rows[2][0][1], "totals of profiles and of their samples")
			require.Equal(t, "0", rows[3][0][0], "profiles refer to series of their kind")
			require.True(t, strings.HasPrefix(rows[4][0][1], "2025-06-15 "), rows[4][0][1])
		})
	}
}

// TestEachVolumeCanBeAsked: the volumes of a block are complete without each
// other.
func TestEachVolumeCanBeAsked(t *testing.T) {
	install(t)
	b := block.NewBuilder(block.Options{})
	for _, p := range blocktest.Random(rand.New(rand.NewPCG(8, 7)), 300, 60) {
		require.NoError(t, b.Add(p.Labels, p.ID, p.Profile))
	}
	object, meta, err := b.Build("acme", "01J00000000000000000000000", 0, nil)
	require.NoError(t, err)
	store := blocktest.Objects{meta.Key(): object}
	reader, err := block.NewReader(store)
	require.NoError(t, err)
	opts := block.MergeOptions{Slice: 15 * time.Minute, Small: true, VolumeBytes: 40 << 10, ShardBytes: 32 << 10}
	merged, err := reader.Merge(t.Context(), []*block.Meta{meta}, block.Meta{Tenant: "acme", ID: "01J00000000000000000000001"}, opts, store.Put)
	require.NoError(t, err)
	require.Greater(t, len(merged.Volumes), 2)
	var profiles, samples int64
	for _, v := range merged.Split() {
		rows := query(t, writeSections(t, store[v.Key()]), functionTotals,
			`SELECT (SELECT count(*) FROM profiles)::VARCHAR, (SELECT count(*) FROM samples)::VARCHAR`,
			`SELECT (SELECT count(*) FROM profiles JOIN series USING (series) WHERE name = 'service_name')::VARCHAR,
				(SELECT count(*) FROM samples JOIN profiles USING (profile) JOIN stacks USING (stack))::VARCHAR`,
		)
		require.Equal(t, engineTotals(t, store[v.Key()], v), rows[0])
		require.Equal(t, rows[1], rows[2], "ids lead to rows of the same object")
		n, err := strconv.ParseInt(rows[1][0][0], 10, 64)
		require.NoError(t, err)
		profiles += n
		n, err = strconv.ParseInt(rows[1][0][1], 10, 64)
		require.NoError(t, err)
		samples += n
	}
	require.Equal(t, []int64{meta.Profiles, meta.Samples}, []int64{profiles, samples})
}

// writeSections writes the sections of an object as files and returns their
// directory.
func writeSections(t *testing.T, object []byte) string {
	dir := t.TempDir()
	files, _, err := block.Files(object)
	require.NoError(t, err)
	for section, body := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, section.String()+".parquet"), body, 0o644))
	}
	return dir
}

// engineTotals computes the same with the query engine.
func engineTotals(t *testing.T, object []byte, meta *block.Meta) [][]string {
	reader, err := block.NewReader(blocktest.Objects{meta.Key(): object})
	require.NoError(t, err)
	cpu := profile.ValueType{Type: "cpu", Unit: "nanoseconds"}
	tree, err := engine.New(reader).Tree(t.Context(), []*block.Meta{meta}, engine.Query{
		Selector: selector.Selector{}, Type: profile.Type{Name: "process_cpu", Sample: cpu, Period: cpu},
		From: meta.MinTime, To: meta.MaxTime,
	})
	require.NoError(t, err)
	self, total := map[string]int64{}, map[string]int64{}
	for stack, v := range tree.Stacks() {
		seen := map[string]bool{}
		for i, f := range stack {
			if i == len(stack)-1 {
				self[f] += v
			}
			if !seen[f] {
				total[f] += v
			}
			seen[f] = true
		}
	}
	out := [][]string{}
	for f := range 8 { // the functions that blocktest makes
		name := "main.f" + strconv.Itoa(f)
		if total[name] > 0 {
			out = append(out, []string{name, strconv.FormatInt(self[name], 10), strconv.FormatInt(total[name], 10)})
		}
	}
	return out
}

// install gets DuckDB for Node, at the version of the lock file.
func install(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("node_modules/@duckdb/node-api"); err == nil {
		return
	}
	out, err := exec.Command("npm", "ci", "--no-audit", "--no-fund").CombinedOutput()
	require.NoError(t, err, "install DuckDB (this test needs Node): %s", out)
}

func query(t *testing.T, dir string, statements ...string) [][][]string {
	t.Helper()
	cmd := exec.Command("node", "query.mjs", dir)
	cmd.Stdin = strings.NewReader(strings.Join(statements, "\n---\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var results [][][]string
	for line := range strings.Lines(string(out)) {
		var rows [][]string
		require.NoError(t, json.Unmarshal([]byte(line), &rows))
		results = append(results, rows)
	}
	require.Len(t, results, len(statements))
	return results
}
