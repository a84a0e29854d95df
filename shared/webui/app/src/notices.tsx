// What is shown instead of profiles: progress, failures, and how to begin.
import { useEffect, useState } from "preact/hooks";
import { credentials, nobody, signIn, type Failure } from "./api.ts";
import { typeName } from "./format.ts";
import type { State } from "./state.ts";

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

/** Nothing says what there is none of. */
export function Nothing({ state: { service, type, a: { filter } } }: { state: State }) {
  return (
    <section class="notice">
      <h2>Nothing matches</h2>
      <p>No {type && typeName(type).label} profile of <b>{service}</b> {filter && <>with <code>{filter}</code> </>}in this range.
        Choose a longer range{filter && ", or clear the filter"}.</p>
    </section>
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
      <h2 id="sign-in">{failure?.status === 403 ? "You may not see this" : "Who are you?"}</h2>
      {failure && <p role="alert">The server says: {failure.message}</p>}
      {failure?.status === 403 && <p>It knows the token. One with the scope <code>query</code>, of the tenant that you want to see, would do:</p>}
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
