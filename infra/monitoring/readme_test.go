package monitoring_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/infra/deployment"
	"github.com/pyrocumulus/pyrocumulus/infra/monitoring"
)

// infra/README.md says of each alarm what to do, and of no other.
func TestReadmeHasEveryAlarm(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "\n## When something goes wrong\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	rows := make(map[string]int) // names in the first column; … is any function
	for _, line := range strings.Split(section, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.HasPrefix(line, "|---") || strings.TrimSpace(cells[1]) == "alarm" {
			continue
		}
		require.NotEmpty(t, strings.TrimSpace(cells[3]), "%s: what to do?", line)
		for name := range strings.SplitSeq(strings.TrimSpace(cells[1]), ", ") {
			rows[name] = 0
		}
	}
	require.NotEmpty(t, rows)
	sizes(t, func(t *testing.T, c deployment.Config) {
		functions := make(map[string]bool)
		for _, f := range c.Functions() {
			functions[monitoring.Identifier(f.Name)] = true
		}
		for _, a := range monitoring.Alarms(c) {
			name := strings.TrimRight(a.ID, "0123456789")
			if m := regexp.MustCompile(`^(\w+)(Errors|Throttles)$`).FindStringSubmatch(name); m != nil && functions[m[1]] {
				name = "…" + m[2]
			}
			require.Contains(t, rows, name, a.ID)
			rows[name]++
		}
	})
	for name, n := range rows {
		require.Positive(t, n, "no alarm is called %s", name)
	}
}
