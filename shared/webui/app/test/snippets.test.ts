import assert from "node:assert/strict";
import { test } from "node:test";
import { pprofFile, snippets } from "../src/snippets.ts";

const open = { url: "http://h:1", user: "<tenant>", token: "", tenant: "" };

test("every snippet has the address, and a token and a tenant where they are needed", () => {
  const all = [...snippets.map((s) => [s.name, s.text] as const), ["pprof", pprofFile] as const];
  for (const [name, text] of all) {
    const [plain, locked, shared] = [text(open), text({ ...open, token: "<token>" }), text({ ...open, tenant: "acme" })];
    assert.ok(plain.includes("http://h:1"), name);
    assert.ok(!/token|tenant|auth|undefined|false/i.test(plain), `${name}: ${plain}`);
    assert.ok(locked.includes("<token>") && locked.includes("<tenant>"), `${name}: ${locked}`);
    assert.ok(shared.includes("acme") && !shared.includes("<t"), `${name}: ${shared}`);
  }
  assert.deepEqual(snippets.map((s) => s.name), ["Go", "Java", "Python", "Node.js", ".NET", "Ruby", "Rust", "Alloy"]);
});

test("what is for Go is as gofmt has it", () => {
  const go = snippets.find((s) => s.name === "Go")!.text;
  const fields = (text: string) => text.split("\n").filter((l) => l.startsWith("\t\t"));
  assert.deepEqual(fields(go(open)), [`\t\tApplicationName: "my-app",`, `\t\tServerAddress:   "http://h:1",`]);
  assert.deepEqual(fields(go({ ...open, token: "<token>" })), [
    `\t\tApplicationName:   "my-app",`, `\t\tServerAddress:     "http://h:1",`, `\t\tBasicAuthUser:     "<tenant>",`, `\t\tBasicAuthPassword: "<token>",`,
  ]);
});

test("what a shell reads is quoted", () => {
  const java = snippets.find((s) => s.name === "Java")!;
  assert.ok(java.text({ ...open, token: "<token>" }).includes("PYROSCOPE_BASIC_AUTH_PASSWORD='<token>' \\\n"));
  assert.ok(pprofFile({ ...open, tenant: "it's" }).includes("-H 'X-Scope-OrgID: it'\\''s'"));
});
