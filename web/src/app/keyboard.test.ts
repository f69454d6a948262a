// @vitest-environment jsdom
import { renderHook } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { nameOf, singleKeys, useKeys } from './keyboard';

const press = (key: string, target: Element = document.body, init: KeyboardEventInit = {}): void => {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }));
};

afterEach(() => {
  document.body.replaceChildren();
  singleKeys.set(true);
});

test.each([
  [{ key: 'j' }, 'j'],
  [{ key: 'J', shiftKey: true }, 'Shift J'],
  [{ key: '?', shiftKey: true }, '?'],
  [{ key: 'k', ctrlKey: true }, 'Ctrl K'],
  [{ key: 'Enter', ctrlKey: true, shiftKey: true }, 'Ctrl Shift Enter'],
  [{ key: 'Escape' }, 'Esc'],
])('name of %o', (event, name) => {
  expect(nameOf({ ctrlKey: false, metaKey: false, shiftKey: false, ...event })).toBe(name);
});

test('letters never fire in fields, sequences work, the choice to switch them off holds', () => {
  const close = vi.fn();
  const home = vi.fn();
  const search = vi.fn();
  const { unmount } = renderHook(() =>
    useKeys('page', [
      { keys: 'e', label: 'Close', run: close },
      { keys: 'g h', label: 'Home', run: home },
      { keys: 'Ctrl K', label: 'Search', run: search, inFields: true },
    ]));
  const field = document.body.appendChild(document.createElement('textarea'));

  press('e', field);
  expect(close).not.toHaveBeenCalled();
  press('k', field, { ctrlKey: true });
  expect(search).toHaveBeenCalledTimes(1);
  press('e', field, { altKey: true, code: 'KeyE' });
  expect(close).toHaveBeenCalledTimes(1);
  press('e');
  press('e', document.body, { isComposing: true });
  expect(close).toHaveBeenCalledTimes(2);
  press('g');
  press('h');
  expect(home).toHaveBeenCalledTimes(1);

  const box = document.body.appendChild(document.createElement('input'));
  box.setAttribute('type', 'checkbox');
  press('e', box);
  expect(close).toHaveBeenCalledTimes(3);

  singleKeys.set(false);
  press('e');
  expect(close).toHaveBeenCalledTimes(3);
  unmount();
  singleKeys.set(true);
  press('e');
  expect(close).toHaveBeenCalledTimes(3);
});
