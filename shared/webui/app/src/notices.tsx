// What is shown instead of profiles: progress, failures, and how to begin.
import { useEffect, useState } from "preact/hooks";
import { credentials, nobody, signIn, type Failure } from "./api.ts";

/** Progress shows itself after a moment, with a way to stop. */
export function Progress({ since, onCancel }: { since: number; onCancel: () => void }) {
  const [now, set] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => set(performance.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const seconds = (now - since) / 1000;
  if (seconds < 0.3) return <div class="progress" />;
  return (
    <div class="progress on">
      <div class="bar" role="progressbar" aria-label="The query is under way" />
      <p><span role="status">Asking the server…</span> <span aria-hidden="true">{seconds.toFixed(1)} s</span> <button type="button" onClick={onCancel}>Stop</button></p>
    </div>
  );
}

export function FailureNotice({ failure, onRetry }: { failure: Failure; onRetry: () => void }) {
  if (failure.needsSignIn) return <SignIn failure={failure} onDone={onRetry} />;
  return (
    <section class="notice failure" role="alert">
      <h2>{failure.code === "canceled" ? "Stopped" : "This did not work"}</h2>
      <p>{failure.message}</p>
      {failure.status > 0 && <p class="quiet">Status {failure.status}{failure.code && `, ${failure.code}`}</p>}
      <button type="button" class="primary" onClick={onRetry}>Try again</button>
    </section>
  );
}

/** SignIn asks for what the server wants to know. */
export function SignIn({ failure, onDone }: { failure?: Failure; onDone: () => void }) {
  const before = credentials();
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const data = new FormData(e.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    signIn({ token: text("token"), user: text("user"), password: text("password"), tenant: text("tenant") });
    onDone();
  };
  return (
    <section class="notice" aria-labelledby="sign-in">
      <h2 id="sign-in">Who are you?</h2>
      {failure && <p role="alert">The server says: {failure.message}</p>}
      <form class="sign-in" onSubmit={submit}>
        <label>Token<input name="token" type="password" autocomplete="off" defaultValue={before.token} /></label>
        <p class="quiet">or</p>
        <div class="pair">
          <label>User<input name="user" autocomplete="username" defaultValue={before.user} /></label>
          <label>Password<input name="password" type="password" autocomplete="current-password" defaultValue={before.password} /></label>
        </div>
        <label>Tenant <span class="quiet">only if the server wants X-Scope-OrgID</span><input name="tenant" autocomplete="off" defaultValue={before.tenant} /></label>
        <div class="buttons">
          <button type="submit" class="primary">Continue</button>
          <button type="button" onClick={() => { signIn(nobody); onDone(); }}>Forget me</button>
        </div>
      </form>
      <p class="quiet">Kept in this tab until it is closed, and sent to this server only.</p>
    </section>
  );
}

/** Copyable is a command that one can copy. */
function Copyable({ title, text }: { title: string; text: string }) {
  const [done, set] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // not a secure context
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    set(true);
    setTimeout(() => set(false), 2000);
  };
  return (
    <figure class="copyable">
      <figcaption>{title}<button type="button" aria-label={`Copy: ${title}`} onClick={() => void copy()}>{done ? "Copied" : "Copy"}</button></figcaption>
      <pre tabIndex={0}><code>{text}</code></pre>
    </figure>
  );
}

/** How often somebody who waits for a first profile is spared the refresh button, in ms. */
const lookInterval = 5000;

/** Empty says how to push the first profile, and looks whether it has come. */
export function Empty({ range, onWiden, onLook }: { range: string; onWiden: (from: string) => void; onLook: (() => void) | undefined }) {
  useEffect(() => {
    if (!onLook) return;
    const timer = setInterval(() => { if (document.visibilityState === "visible") onLook(); }, lookInterval);
    return () => clearInterval(timer);
  }, [onLook === undefined]);
  const url = location.origin + location.pathname.replace(/\/$/, "");
  const { token, tenant } = credentials();
  const header = (token ? ` -H 'Authorization: Bearer <token>'` : "") + (tenant ? ` -H 'X-Scope-OrgID: ${tenant.replaceAll("'", "'\\''")}'` : "");
  return (
    <section class="notice wide" aria-labelledby="empty">
      <h2 id="empty">No profiles yet</h2>
      <p>Nothing was pushed in this range ({range.toLowerCase()}). Look at the <button type="button" class="link" onClick={() => onWiden("now-1d")}>last 24 hours</button> or
        the <button type="button" class="link" onClick={() => onWiden("now-30d")}>last 30 days</button>, or push one:</p>
      <Copyable title="Any pprof file" text={`curl${header} --data-binary @cpu.pprof '${url}/ingest?format=pprof&name=my-app'`} />
      <Copyable title="A Go program" text={`import "github.com/grafana/pyroscope-go"

pyroscope.Start(pyroscope.Config{
	ApplicationName: "my-app",
	ServerAddress:   "${url}",
})`} />
      <Copyable title="Grafana Alloy" text={`pyroscope.write "default" {
  endpoint {
    url = "${url}"
  }
}

pyroscope.scrape "default" {
  targets    = [{"__address__" = "localhost:6060", "service_name" = "my-app"}]
  forward_to = [pyroscope.write.default.receiver]
}`} />
      <p class="quiet">SDKs for Java, Python, Node.js, .NET, Ruby and Rust take the same address. A profile shows up here some seconds after it was pushed.</p>
    </section>
  );
}
