import type { TFunction } from 'i18next';
import { OFFLINE, type Problem } from '../api/problem';

/** A problem in the reader's words. The server's own sentence is kept where it says more than the status does. */
export function problemWords(t: TFunction, problem: Problem): { title: string; text: string | null } {
  if (problem.code === OFFLINE) return { title: t('common:problem.offline.title'), text: t('common:problem.offline.text') };
  if (problem.status === 429) {
    return { title: t('common:problem.throttled.title'), text: t('common:problem.throttled.text', { count: problem.retryAfterS ?? 30 }) };
  }
  switch (problem.status) {
    case 403: return { title: t('common:problem.forbidden.title'), text: problem.detail ?? t('common:problem.forbidden.text') };
    case 404: return { title: t('common:problem.missing.title'), text: t('common:problem.missing.text') };
    case 409:
    case 412: return { title: problem.message || t('common:problem.changed.title'), text: problem.detail };
    default:
      if (problem.status >= 500) return { title: t('common:problem.server.title'), text: t('common:problem.server.text') };
      return { title: problem.message || t('common:problem.other.title'), text: problem.detail };
  }
}
