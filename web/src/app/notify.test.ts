// @vitest-environment jsdom
import { afterEach, expect, test, vi } from 'vitest';
import { notify, notifying, toggleNotifying } from './notify';

const told: string[] = [];

function browser(permission: NotificationPermission, visibility: DocumentVisibilityState): void {
  class Fake extends EventTarget {
    static readonly permission = permission;
    static readonly requestPermission = (): Promise<NotificationPermission> => Promise.resolve(permission);
    constructor(title: string, options: NotificationOptions) {
      super();
      told.push(`${title}: ${options.body ?? ''}`);
    }
  }
  vi.stubGlobal('Notification', Fake);
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(visibility);
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  notifying.set(false);
  told.length = 0;
});

test('nothing is told until somebody wants it, and only while nobody looks', async () => {
  browser('granted', 'hidden');
  notify('Ann', 'hello', 'a');
  expect(told).toEqual([]);
  expect(await toggleNotifying()).toBe(true);
  notify('Ann', 'hello', 'a');
  expect(told).toEqual(['Ann: hello']);
  browser('granted', 'visible');
  notify('Ann', 'again', 'a');
  expect(told).toEqual(['Ann: hello']);
  expect(await toggleNotifying()).toBe(true);
  expect(notifying.get()).toBe(false);
});

test('a browser that does not allow it leaves it off', async () => {
  browser('denied', 'hidden');
  expect(await toggleNotifying()).toBe(false);
  expect(notifying.get()).toBe(false);
});
