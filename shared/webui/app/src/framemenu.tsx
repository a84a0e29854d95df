// What can be done with a frame, at the mouse or at the cursor of the keys.
import { useEffect, useRef } from "preact/hooks";

export interface Menu { x: number; y: number; name: string; items: [string, () => void][] }

export function FrameMenu({ menu, onClose }: { menu: Menu; onClose: () => void }) {
  const box = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const list = box.current!;
    list.style.left = Math.max(4, Math.min(menu.x, innerWidth - list.offsetWidth - 8)) + "px";
    list.style.top = Math.max(4, Math.min(menu.y, innerHeight - list.offsetHeight - 8)) + "px";
    list.querySelector("button")!.focus();
    const away = (e: Event) => { if (!list.contains(e.target as Node)) onClose(); };
    addEventListener("pointerdown", away, true);
    addEventListener("scroll", away, true);
    return () => { removeEventListener("pointerdown", away, true); removeEventListener("scroll", away, true); };
  }, [menu]);
  const onKeyDown = (e: KeyboardEvent) => {
    const all = [...box.current!.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    if (e.key in steps) all[steps[e.key]! % all.length]!.focus();
    else if (e.key === "Escape" || e.key === "Tab") onClose();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <ul class="menu" role="menu" aria-label={menu.name} ref={box} onKeyDown={onKeyDown}>
      {menu.items.map(([name, act]) => (
        <li key={name} role="none"><button type="button" role="menuitem" tabIndex={-1} onClick={() => { onClose(); act(); }}>{name}</button></li>
      ))}
    </ul>
  );
}
