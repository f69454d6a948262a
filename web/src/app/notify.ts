/** Notifications of the desktop for what waits while nobody looks at the page. Off until somebody turns them on in this browser. */
import { createStore } from './store';

const KEY = 'hub-notify';

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on' && 'Notification' in globalThis && Notification.permission === 'granted';
  } catch {
    return false;
  }
}

export const notifying = createStore(kept());

function keep(on: boolean): void {
  notifying.set(on);
  try {
    if (on) localStorage.setItem(KEY, 'on');
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage it holds as long as the page.
  }
}

/** Turns them on or off; false: the browser does not allow them. */
export async function toggleNotifying(): Promise<boolean> {
  if (notifying.get()) {
    keep(false);
    return true;
  }
  const granted = 'Notification' in globalThis && (await Notification.requestPermission()) === 'granted';
  keep(granted);
  return granted;
}

/** Tells of something while the page is out of sight. `tag`: what it is about; the same is not told twice. */
export function notify(title: string, body: string, tag: string): void {
  if (!notifying.get() || document.visibilityState === 'visible') return;
  const note = new Notification(title, { body, tag });
  note.addEventListener('click', () => {
    window.focus();
    note.close();
  });
}
