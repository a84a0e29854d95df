// How to send profiles: what is shown while there are none, and when asked for.
import { useEffect, useRef, useState } from "preact/hooks";
import { credentials } from "./api.ts";
import { CopyButton } from "./copy.tsx";
import { pprofFile, snippets, type Sender } from "./snippets.ts";

/** sender is what a program is to say; secrets are not shown, but where they go. */
function sender(): Sender {
  const url = location.origin + location.pathname.replace(/\/$/, "");
  const { token, user, password, tenant } = credentials();
  return { url, user: user || "<tenant>", token: token || password ? "<token>" : "", tenant };
}

/** Copyable is something that one can copy. */
function Copyable({ title, name, text }: { title: string; name: string; text: string }) {
  return (
    <figure class="copyable">
      <figcaption>{title}<CopyButton name="Copy" label={`Copy: ${name}`} text={() => text} /></figcaption>
      <pre tabIndex={0}><code>{text}</code></pre>
    </figure>
  );
}

/** Snippets are one for each kind of client, on tabs. */
function Snippets() {
  const [chosen, choose] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const from = sender();
  const { name, title, text } = snippets[chosen]!;
  const onKeyDown = (e: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1 + snippets.length, Home: 0, End: snippets.length - 1 };
    if (!(e.key in steps)) return;
    e.preventDefault();
    const to = steps[e.key]! % snippets.length;
    choose(to);
    tabs.current!.querySelectorAll("button")[to]!.focus();
  };
  return (
    <>
      <Copyable title="Any pprof file" name="Any pprof file" text={pprofFile(from)} />
      <div>
        <div class="tabs" role="tablist" aria-label="Clients" ref={tabs} onKeyDown={onKeyDown}>
          {snippets.map((s, i) => (
            <button type="button" key={s.name} role="tab" id={`tab-${i}`} aria-controls="snippet" aria-selected={i === chosen} tabIndex={i === chosen ? 0 : -1} onClick={() => choose(i)}>{s.name}</button>
          ))}
        </div>
        <div id="snippet" role="tabpanel" aria-labelledby={`tab-${chosen}`}><Copyable key={name} title={title} name={name} text={text(from)} /></div>
      </div>
      {from.token && <p class="quiet"><code>&lt;token&gt;</code> is a token with the scope push{from.user === "<tenant>" && <>, <code>&lt;tenant&gt;</code> the tenant that it is of</>}.</p>}
      <p class="quiet">A profile shows up here some seconds after it was pushed; most SDKs push every 10 to 15 seconds.</p>
    </>
  );
}

/** Send says how, because somebody wants to know. */
export function Send({ onDone }: { onDone: () => void }) {
  return (
    <section class="notice wide" aria-labelledby="send">
      <h2 id="send">Send profiles</h2>
      <Snippets />
      <div class="buttons"><button type="button" class="primary" onClick={onDone}>Back to the profiles</button></div>
    </section>
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
  return (
    <section class="notice wide" aria-labelledby="empty">
      <h2 id="empty">No profiles yet</h2>
      <p>Nothing was pushed in this range ({range}). Look at the <button type="button" class="link" onClick={() => onWiden("now-1d")}>last 24 hours</button> or
        the <button type="button" class="link" onClick={() => onWiden("now-30d")}>last 30 days</button>, or push one:</p>
      <Snippets />
    </section>
  );
}
