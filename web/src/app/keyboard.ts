/** Keys of the page: one listener, a registry that `?` and the command palette read, never inside fields or while composing. */
import { useEffect, useRef } from 'react';
import { createStore } from './store';

export interface KeyBinding {
  /** As written in the help: `j`, `Shift J`, `g h`, `?`, `Ctrl Enter`, `Esc`. */
  keys: string;
  label: string;
  run: () => void;
  /** Works while typing too (only for keys with Ctrl, and Esc). */
  inFields?: boolean;
}

export interface KeyGroup { title: string; bindings: KeyBinding[] }

export const keyGroups = createStore<readonly KeyGroup[]>([]);

const SINGLE_KEYS = 'hub-single-keys';
const storedChoice = (): boolean => {
  try {
    return localStorage.getItem(SINGLE_KEYS) !== 'off';
  } catch {
    return true;
  }
};

/** People may switch single-letter keys off (WCAG 2.1.4); Alt + letter and Ctrl keys stay. */
export const singleKeys = createStore(storedChoice());
singleKeys.subscribe(() => localStorage.setItem(SINGLE_KEYS, singleKeys.get() ? 'on' : 'off'));

const SEQUENCE_MS = 900;

/** Whether letters go into it: a box to tick takes none. */
const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio)$/.test(target.getAttribute('type') ?? '')));

const inLayer = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('[role="dialog"],[role="menu"],[role="listbox"]') !== null;

/** The written form of a key press: modifiers in the order Ctrl, Shift, then the key. */
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey'>): string {
  const letter = /^[a-z]$/i.test(event.key);
  const named = event.key.length > 1;
  const key = event.key === 'Escape' ? 'Esc' : letter && (event.shiftKey || event.ctrlKey || event.metaKey) ? event.key.toUpperCase() : event.key;
  const shift = event.shiftKey && (letter || named);
  return [event.ctrlKey || event.metaKey ? 'Ctrl' : '', shift ? 'Shift' : '', key].filter(Boolean).join(' ');
}

let prefix = '';
let prefixAt = 0;

function find(name: string): KeyBinding | undefined {
  for (const group of keyGroups.get().toReversed()) {
    const hit = group.bindings.find((binding) => binding.keys === name);
    if (hit) return hit;
  }
  return undefined;
}

function onKey(event: KeyboardEvent): void {
  if (event.isComposing || event.defaultPrevented || event.keyCode === 229) return;
  const alt = event.altKey && /^Key[A-Z]$/.test(event.code);
  const typing = isField(event.target);
  if (event.altKey && !alt) return;
  // Escape belongs to the top layer first: an open menu, dialog or the field itself.
  if (event.key === 'Escape' && (typing || document.querySelector('[role="dialog"],[role="menu"]'))) return;
  const name = alt ? event.code.slice(3).toLowerCase() : nameOf(event);
  const plain = !event.ctrlKey && !event.metaKey && event.key !== 'Escape';
  if (!alt && plain && (typing || inLayer(event.target) || !singleKeys.get())) return;
  const sequence = prefix !== '' && performance.now() - prefixAt < SEQUENCE_MS ? `${prefix} ${name}` : name;
  prefix = '';
  const binding = find(sequence) ?? find(name);
  if (binding) {
    if (typing && !alt && !binding.inFields) return;
    if (name === 'Enter' && event.target instanceof Element && event.target.closest('a,button,summary')) return;
    event.preventDefault();
    binding.run();
  } else if (keyGroups.get().some((group) => group.bindings.some((other) => other.keys.startsWith(`${name} `)))) {
    prefix = name;
    prefixAt = performance.now();
  }
}

let listening = false;

/** Registers the keys of a page or panel while it is on screen. */
export function useKeys(title: string, bindings: KeyBinding[]): void {
  const current = useRef(bindings);
  useEffect(() => {
    current.current = bindings;
  });
  const shape = bindings.map((binding) => `${binding.keys}=${binding.label}`).join('|');
  useEffect(() => {
    // Ahead of all others: a layer that closes on Escape must still be there when this one looks for it.
    if (!listening) window.addEventListener('keydown', onKey, { capture: true });
    listening = true;
    const group: KeyGroup = {
      title,
      bindings: current.current.map((binding, at) => ({ ...binding, run: () => current.current[at]?.run() })),
    };
    keyGroups.set([...keyGroups.get(), group]);
    return () => keyGroups.set(keyGroups.get().filter((other) => other !== group));
  }, [title, shape]);
}
