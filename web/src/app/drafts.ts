/** Texts typed and not sent, by tenant, person and conversation. They survive reload and sign-in, and go at sign-out. */

const PREFIX = 'hub-draft:';

export const draftKey = (tenantId: string, userId: string, conversationId: string): string => `${PREFIX}${tenantId}:${userId}:${conversationId}`;

export function readDraft(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

export function writeDraft(key: string, text: string): void {
  try {
    if (text === '') localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // A full or forbidden storage costs only the survival of a reload: the text stays in the page.
  }
}

export function clearDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX) || key.startsWith('hub-outbox:')) localStorage.removeItem(key);
  } catch {
    // Nothing was stored where storage is forbidden.
  }
}
