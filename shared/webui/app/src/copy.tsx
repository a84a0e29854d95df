// The clipboard.
import { useState } from "preact/hooks";

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not a secure context
    const before = document.activeElement;
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}

/** CopyButton copies a text, and says that it did. */
export function CopyButton({ name, label, title, text }: { name: string; label?: string; title?: string; text: () => string }) {
  const [done, set] = useState(false);
  const copy = async () => {
    await copyText(text());
    set(true);
    setTimeout(() => set(false), 2000);
  };
  return (
    <>
      <button type="button" aria-label={label} title={title} onClick={() => void copy()}>{done ? "Copied" : name}</button>
      <span class="sr-only" role="status">{done && "Copied"}</span>
    </>
  );
}
