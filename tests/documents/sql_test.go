package documents

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// queryPage is the document that has the query.
const queryPage = "functions/query/README.md"

// rememberTop asks the local host what each function accounts for.
func rememberTop(t *testing.T, r *reader) {
	out, err := r.Run(t.Context(), "go run ./scripts/pyrocumulus top -n 100000 -json")
	require.NoError(t, err)
	var top struct {
		Functions []struct {
			Name        string
			Self, Total int64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &top), out)
	r.top = make(map[string]string)
	for _, f := range top.Functions {
		r.top[f.Name] = fmt.Sprint(f.Self, " ", f.Total)
	}
}

// askSQL runs the query of the document over the files that a step has written
// and expects what the local host said.
func askSQL(t *testing.T, r *reader, _ string) {
	text, err := os.ReadFile(filepath.Join(root, queryPage))
	require.NoError(t, err)
	_, query, found := strings.Cut(string(text), "```sql\n")
	require.True(t, found)
	query, _, _ = strings.Cut(query, "```")
	views, err := os.ReadFile(filepath.Join(r.Dir, ".build", "blocks", "views.sql"))
	require.NoError(t, err)

	duckdb := Shell{Dir: filepath.Join(r.Dir, "tests", "duckdb")}
	_, err = duckdb.Run(t.Context(), "npm ci --no-audit --no-fund")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "query.mjs", t.TempDir())
	cmd.Dir, cmd.Stdin = duckdb.Dir, strings.NewReader(string(views)+"\n---\n"+strings.TrimSuffix(strings.TrimSpace(query), ";"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var rows [][]any // of 20 functions
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &rows), "%s", out)
	require.Len(t, rows, 20)
	for _, row := range rows {
		require.Equal(t, r.top[fmt.Sprint(row[0])], fmt.Sprint(row[1], " ", row[2]), row[0])
	}
}
