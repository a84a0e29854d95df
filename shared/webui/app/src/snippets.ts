// How to send profiles here: what people copy into their programs. The README of
// functions/ingest has the same with variables of the environment.

/** Who sends where. User and token are as a client is to give them, "" for none. */
export interface Sender { url: string; user: string; token: string; tenant: string }

export interface Snippet { name: string; title: string; text: (s: Sender) => string }

const q = (text: string) => JSON.stringify(text);
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** lines leaves out what is not needed. */
const lines = (...all: (string | false | "")[]) => all.filter((l) => l !== false && l !== "").join("\n");

/** environment are variables before a command. */
const environment = (variables: [string, string][], command: string) =>
  [...variables.filter(([, value]) => value).map(([name, value]) => `${name}=${/^[\w:/.-]+$/.test(value) ? value : quoted(value)}`), command].join(" \\\n");

/** fields are those of a literal, as gofmt aligns them. */
function fields(...all: [string, string][]): string {
  const used = all.filter(([, value]) => value);
  const width = Math.max(...used.map(([name]) => name.length)) + 2;
  return used.map(([name, value]) => `\t\t${`${name}:`.padEnd(width)}${q(value)},`).join("\n");
}

const common = (s: Sender): [string, string][] => [
  ["PYROSCOPE_APPLICATION_NAME", "my-app"], ["PYROSCOPE_SERVER_ADDRESS", s.url], ["PYROSCOPE_TENANT_ID", s.tenant],
  ["PYROSCOPE_BASIC_AUTH_USER", s.token && s.user], ["PYROSCOPE_BASIC_AUTH_PASSWORD", s.token],
];

export const pprofFile = (s: Sender) => "curl" + (s.token && ` -u ${quoted(`${s.user}:${s.token}`)}`) + (s.tenant && ` -H ${quoted(`X-Scope-OrgID: ${s.tenant}`)}`)
  + ` --data-binary @cpu.pprof ${quoted(`${s.url}/ingest?format=pprof&name=my-app`)}`;

export const snippets: Snippet[] = [
  {
    name: "Go", title: "profile.go, beside main.go; go get github.com/grafana/pyroscope-go", text: (s) => lines(
      "package main\n\nimport \"github.com/grafana/pyroscope-go\"\n\nfunc init() {", "\tpyroscope.Start(pyroscope.Config{",
      fields(["ApplicationName", "my-app"], ["ServerAddress", s.url], ["TenantID", s.tenant], ["BasicAuthUser", s.token && s.user], ["BasicAuthPassword", s.token]), "\t})", "}"),
  },
  { name: "Java", title: "The agent, pyroscope.jar", text: (s) => environment([...common(s), ["PYROSCOPE_FORMAT", "jfr"]], "  java -javaagent:pyroscope.jar -jar my-app.jar") },
  {
    name: "Python", title: "pip install pyroscope-io", text: (s) => lines(
      "import pyroscope\n\npyroscope.configure(", "    application_name=\"my-app\",", `    server_address=${q(s.url)},`, s.tenant && `    tenant_id=${q(s.tenant)},`,
      s.token && `    basic_auth_username=${q(s.user)},`, s.token && `    basic_auth_password=${q(s.token)},`, ")"),
  },
  {
    name: "Node.js", title: "npm install @pyroscope/nodejs", text: (s) => lines(
      "const Pyroscope = require('@pyroscope/nodejs');\n\nPyroscope.init({", "  appName: 'my-app',", `  serverAddress: ${q(s.url)},`, s.tenant && `  tenantID: ${q(s.tenant)},`,
      s.token && `  basicAuthUser: ${q(s.user)},`, s.token && `  basicAuthPassword: ${q(s.token)},`, "});", "Pyroscope.start();"),
  },
  {
    name: ".NET", title: "The native profiler, unpacked in /opt/pyroscope", text: (s) => environment([
      ...common(s), ["PYROSCOPE_PROFILING_ENABLED", "1"], ["CORECLR_ENABLE_PROFILING", "1"], ["CORECLR_PROFILER", "{BD1A650D-AC5D-4896-B64F-D6FA25D6B26A}"],
      ["CORECLR_PROFILER_PATH", "/opt/pyroscope/Pyroscope.Profiler.Native.so"], ["LD_PRELOAD", "/opt/pyroscope/Pyroscope.Linux.ApiWrapper.x64.so"],
    ], "  dotnet my-app.dll"),
  },
  {
    name: "Ruby", title: "gem install pyroscope", text: (s) => lines(
      "require \"pyroscope\"\n\nPyroscope.configure do |config|", "  config.application_name = \"my-app\"", `  config.server_address = ${q(s.url)}`, s.tenant && `  config.tenant_id = ${q(s.tenant)}`,
      s.token && `  config.basic_auth_username = ${q(s.user)}`, s.token && `  config.basic_auth_password = ${q(s.token)}`, "end"),
  },
  {
    name: "Rust", title: "cargo add pyroscope --features backend-pprof-rs", text: (s) => lines(
      "use pyroscope::backend::{pprof_backend, BackendConfig, PprofConfig};\nuse pyroscope::pyroscope::PyroscopeAgentBuilder;\n",
      "let backend = pprof_backend(PprofConfig::default(), BackendConfig::default());",
      `let _agent = PyroscopeAgentBuilder::new(${q(s.url)}, "my-app", 100, "pyroscope-rs", "2.1.5", backend)`,
      s.token && `    .basic_auth(${q(s.user)}, ${q(s.token)})`, s.tenant && `    .tenant_id(${q(s.tenant)}.to_string())`,
      "    .build()?", "    .start()?;"),
  },
  {
    name: "Alloy", title: "config.alloy; for a Go program with net/http/pprof on port 6060", text: (s) => lines(
      "pyroscope.write \"default\" {", "  endpoint {", `    url = ${q(s.url)}`, s.tenant && `    headers = {"X-Scope-OrgID" = ${q(s.tenant)}}`,
      s.token && `    basic_auth {\n      username = ${q(s.user)}\n      password = ${q(s.token)}\n    }`, "  }", "}\n",
      "pyroscope.scrape \"default\" {", "  targets    = [{\"__address__\" = \"localhost:6060\", \"service_name\" = \"my-app\"}]", "  forward_to = [pyroscope.write.default.receiver]", "}"),
  },
];
