package documents

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func stories() []story {
	return []story{firstMinutes(), oneTenant(), stopped(), severalTenants(), developer()}
}

// firstMinutes is README.md.
func firstMinutes() story {
	return story{name: "the first minutes", serve: "make run", steps: []step{
		{text: "make demo", replace: func(r *reader) []string { return []string{"make demo", "make demo ARGS='-url " + r.url + "'"} },
			want: []string{`Sent \d+ profiles of \d+ services`, `CPU time of demo-shop`, `█`}},
		{
			text: "curl --data-binary @cpu.pprof 'http://localhost:4040/ingest?format=pprof&name=my-app'",
			after: func(t *testing.T, r *reader, out string) {
				require.Empty(t, out)
				r.eventually(t, "go run ./scripts/pyrocumulus services", "my-app\tprocess_cpu:cpu:nanoseconds:cpu:nanoseconds")
				r.eventually(t, "go run ./scripts/pyrocumulus services", "pyrocumulus\tprocess_cpu:cpu:nanoseconds:cpu:nanoseconds")
			},
		},
		{text: "go run ./scripts/pyrocumulus flame -service pyrocumulus", want: []string{`total .* m?s\n`, `█`}},
		{text: "go run ./scripts/pyrocumulus diff -service pyrocumulus -from now-1m", want: []string{`change`}},
		{text: "go run ./scripts/pyrocumulus", usage: true, want: []string{`push`}},
		{text: "go run ./scripts/pyrocumulus help", want: []string{`push`, `tokens`, `reindex`}},
		{
			text: "docker compose -f localstack/docker-compose.yml --profile look up",
			replace: func(r *reader) []string { // there is no Docker: tests/docker reads what would be started
				return []string{"docker compose", "go -C tests/docker build -o ../../.build/docker . && .build/docker compose"}
			},
			want: []string{`not started, for this is no Docker: .*alloy.*grafana.*localstack.*pyrocumulus.*shop`},
		},
		{text: "go run ./functions/local -h", want: []string{`-listen address`}},
		{text: "go install ./scripts/pyrocumulus", replace: func(r *reader) []string {
			return []string{"go install", "GOBIN=" + filepath.Join(r.Dir, ".build", "bin") + " go install"}
		}},
		{text: "go run ./scripts/pyrocumulus help redrive", want: []string{`dead letters`}},
		{text: "go run ./scripts/pyrocumulus cost", want: []string{`SQS`}},
		{text: "go run ./scripts/pyrocumulus cost -pods 200", want: []string{`SQS`, `Pyroscope`}},
		{text: "go run ./scripts/pyrocumulus cost -pods 200 -pack 5", want: []string{`SQS`, `Pyroscope`}},
	}}
}

// oneTenant is what the pages of the functions say of a host without tenants.
func oneTenant() story {
	return story{name: "one tenant", serve: "make run", flags: "-self-profile=false", steps: []step{
		{text: "go run ./scripts/pyrocumulus retention keep acme 7d", want: []string{`168h0m0s`}},
		{text: "go run ./scripts/pyrocumulus retention keep acme audit 365d", want: []string{`audit +8760h0m0s`}},
		{text: "go run ./scripts/pyrocumulus retention delete acme checkout", want: []string{`checkout`}},
		{text: "curl -X DELETE http://localhost:4040/admin/v1/services/checkout", want: []string{`checkout`}},
		{text: "curl http://localhost:4040/admin/v1/deletions", want: []string{`checkout`}},
		{text: "go run ./scripts/pyrocumulus limits list acme", want: []string{`ingestion_rate`}},
		{text: "go run ./scripts/pyrocumulus limits set acme ingestion_rate=16MiB reject_older_than=6h"},
		{text: `go run ./scripts/pyrocumulus limits set acme relabel_rules=@rules.json sampling='{"shop": 0.1}'`},
		{
			text: `curl -s -d '{"size": 12345678}' http://localhost:4040/upload`,
			replace: func(r *reader) []string {
				info, err := os.Stat(filepath.Join(r.Dir, "big.jfr"))
				if err != nil {
					return nil
				}
				return []string{"12345678", strconv.FormatInt(info.Size(), 10)}
			},
			after: func(t *testing.T, r *reader, out string) {
				var told struct{ ID, URL string }
				require.NoError(t, json.Unmarshal([]byte(out), &told), out)
				r.found["id"], r.found["url"] = told.ID, told.URL
			},
		},
		{text: "curl -T big.jfr 'the url'", replace: func(r *reader) []string { return []string{"the url", r.found["url"]} }},
		{
			text:    "curl -X POST -H 'X-Pyrocumulus-Upload: the id' 'http://localhost:4040/ingest?name=my-app&format=jfr'",
			replace: func(r *reader) []string { return []string{"the id", r.found["id"]} },
			after: func(t *testing.T, r *reader, _ string) {
				r.eventually(t, "go run ./scripts/pyrocumulus top -service my-app -query 'spy_name!=\"x\"'", "total")
			},
		},
		{text: "go run ./localstack/shop", replace: func(*reader) []string { // which goes on until it is stopped
			const text = "go run ./localstack/shop"
			return []string{text, "timeout 20 " + text + " -listen 127.0.0.1:0 || true"}
		}, want: []string{`shop is open`}},
		{text: "go run ./scripts/pyrocumulus push -service shop -label version=1.2 cpu.pprof", after: func(t *testing.T, r *reader, _ string) {
			r.eventually(t, "go run ./scripts/pyrocumulus labels version", "1.2")
			rememberTop(t, r)
		}},
	}}
}

// stopped is about what is stored, while the local host does not run.
func stopped() story {
	return story{name: "the host is stopped", steps: []step{
		{text: "go run ./scripts/pyrocumulus inspect", want: []string{`LEVEL`}},
		{text: "go run ./scripts/pyrocumulus verify -deep", want: []string{`; 0 problems`}},
		{text: "go run ./scripts/pyrocumulus reindex", want: []string{`, 0 got one`}},
		{text: "go run ./scripts/pyrocumulus sections -out /tmp/blocks", replace: func(r *reader) []string {
			return []string{"/tmp/blocks", filepath.Join(r.Dir, ".build", "blocks")}
		}, want: []string{`duckdb -init`}, after: askSQL},
	}}
}

// severalTenants is functions/README.md.
func severalTenants() story {
	return story{name: "several tenants", serve: "make run ARGS='-auth token'", steps: []step{
		{
			text: "go run ./scripts/pyrocumulus tokens create -name 'cluster eu-1' acme",
			after: func(t *testing.T, r *reader, out string) {
				r.token = regexp.MustCompile(`pyc_\S+`).FindString(out)
				require.NotEmpty(t, r.token, out)
			},
		},
		{text: `curl -u "acme:$TOKEN" --data-binary @cpu.pprof 'http://localhost:4040/ingest?format=pprof&name=my-app'`},
		{
			text: `curl -u "$PYROCUMULUS_TENANT:$PYROCUMULUS_TOKEN" --data-binary @cpu.pprof "$PYROCUMULUS_URL/ingest?format=pprof&name=shop"`,
			after: func(t *testing.T, r *reader, _ string) {
				r.eventually(t, "go run ./scripts/pyrocumulus services", "shop\tprocess_cpu:")
			},
		},
		{text: `curl -H "Authorization: Bearer $TOKEN" -d '{}' -H 'Content-Type: application/json' http://localhost:4040/querier.v1.QuerierService/ProfileTypes`,
			want: []string{`process_cpu:cpu:nanoseconds`}},
	}}
}

// developer is CONTRIBUTING.md, as far as it takes seconds.
func developer() story {
	return story{name: "a developer", steps: []step{
		{text: "make", want: []string{`make run`, `make test-emulators`}},
		{text: "make build", want: []string{`.`}},
		{text: "go test ./shared/fanout -update", want: []string{`ok`}},
		{text: "go test ./shared/ingest -run TestClients -update", want: []string{`ok`}},
		{text: "go test ./infra/stack -update", want: []string{`ok`}},
		{text: "scripts/emulators/emulators", usage: true, want: []string{`install`, `exec COMMAND`}},
	}}
}
