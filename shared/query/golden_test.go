package query_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyrocumulus/pyrocumulus/shared/query"
)

func compact(raw []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// golden compares JSON with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Indent(&b, []byte(got), "", "  "))
	b.WriteByte('\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// shop is a small fleet whose answers can be checked by eye.
func shop(t *testing.T) *world {
	w := newWorld(t, query.Settings{})
	w.store(t, "anonymous",
		cpuProfile(base*1e6, service("checkout", "pod", "a"), cpu("main;serve;pay", 500), cpu("main;serve<decode", 300), cpu("gc", 100)),
		cpuProfile((base+20_000)*1e6, service("checkout", "pod", "b"), cpu("main;serve;pay", 40)),
	)
	w.store(t, "anonymous", cpuProfile((base+30_000)*1e6, service("cart"), cpu("main;serve;list", 7000, "span_id", "00000000000000ab")))
	return w
}

func TestWireForms(t *testing.T) {
	w := shop(t)
	in := fmt.Sprintf(`"profile_typeID":%q,"label_selector":"{}","start":%d,"end":"%d"`, cpuID, base, base+60_000)
	side := func(service string) string {
		return fmt.Sprintf(`{"profileTypeID":%q,"labelSelector":"{service_name=\"%s\"}","start":%d,"end":%d}`, cpuID, service, base, base+60_000)
	}
	for _, c := range []struct{ name, method, body string }{
		{"flamegraph", "SelectMergeStacktraces", `{` + in + `}`},
		{"flamegraph-truncated", "SelectMergeStacktraces", `{` + in + `,"maxNodes":"3"}`},
		{"flamegraph-span", "SelectMergeStacktraces", `{` + in + `,"span_selector":["00000000000000AB"]}`},
		{"pprof", "SelectMergeStacktraces", `{` + in + `,"format":"PROFILE_FORMAT_PPROF"}`},
		{"pprof-truncated", "SelectMergeStacktraces", `{` + in + `,"format":4,"max_nodes":3}`},
		{"diff", "Diff", `{"left":` + side("checkout") + `,"right":` + side("cart") + `}`},
		{"select-series", "SelectSeries", `{` + in + `,"step":15,"group_by":["service_name","pod"]}`},
		{"series", "Series", fmt.Sprintf(`{"start":%d,"end":%d}`, base, base+60_000)},
		{"profile-types", "ProfileTypes", `{}`},
		{"label-names", "LabelNames", fmt.Sprintf(`{"start":%d,"end":%d}`, base, base+60_000)},
		{"label-values", "LabelValues", fmt.Sprintf(`{"name":"__type__","start":%d,"end":%d}`, base, base+60_000)},
		{"profile-stats", "GetProfileStats", `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 3 { // workers finish in any order
				status, answer := w.post(t, "/querier.v1.QuerierService/"+c.method, c.body)
				require.Equal(t, http.StatusOK, status, answer)
				golden(t, c.name, answer)
			}
		})
	}
}

func TestEmptyAnswers(t *testing.T) {
	w := shop(t)
	const flame = `{"flamegraph":{"names":["total"],"levels":[{"values":["0","0","0","0"]}]}}`
	absent := fmt.Sprintf(`"profile_typeID":%q,"labelSelector":"{service_name=\"nobody\"}","start":%d,"end":%d`, cpuID, base, base+hour)
	early := fmt.Sprintf(`"profile_typeID":%q,"labelSelector":"{}","start":1000,"end":4000`, cpuID)
	for _, in := range []string{absent, early} {
		for _, c := range [][3]string{
			{"SelectMergeStacktraces", `{` + in + `}`, flame},
			{"SelectMergeStacktraces", `{` + in + `,"format":"PROFILE_FORMAT_TREE"}`, `{}`},
			{"SelectMergeStacktraces", `{` + in + `,"format":"PROFILE_FORMAT_PPROF"}`, `{"pprof":{"profile":{}}}`},
			{"SelectMergeSpanProfile", `{` + in + `,"spanSelector":["00000000000000ab"]}`, flame},
			{"SelectMergeProfile", `{` + in + `}`, `{}`},
			{"SelectSeries", `{` + in + `,"step":1}`, `{}`},
			{"Diff", `{"left":{` + in + `},"right":{` + in + `}}`, `{"flamegraph":{"names":["total"],"levels":[{"values":["0","0","0","0","0","0","0"]}]}}`},
			{"LabelNames", `{"start":1000,"end":4000}`, `{}`},
			{"LabelValues", `{"name":"pod","start":1000,"end":4000}`, `{}`},
			{"LabelValues", fmt.Sprintf(`{"name":"absent","start":%d,"end":%d}`, base, base+hour), `{}`},
			{"Series", `{"start":1000,"end":4000}`, `{}`},
			{"ProfileTypes", `{"start":1000,"end":4000}`, `{}`},
		} {
			status, answer := w.post(t, "/querier.v1.QuerierService/"+c[0], c[1])
			require.Equal(t, http.StatusOK, status, answer)
			require.Equal(t, c[2], answer, c[0])
		}
	}
	fresh := newWorld(t, query.Settings{})
	status, answer := fresh.post(t, "/querier.v1.QuerierService/GetProfileStats", `{}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `{}`, answer)
}
