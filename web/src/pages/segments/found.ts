/** What a rule found about a person, in words. */
import type { TFunction } from 'i18next';
import { absoluteTime } from '../../ui/time';

const INSTANT = /^\d{4}-\d\d-\d\dT/;

export function foundWords(found: unknown, t: TFunction<'segments'>): string {
  if (found === null || found === undefined || found === '' || (Array.isArray(found) && found.length === 0)) return t('segments:why.nothing');
  if (typeof found === 'boolean') return t(found ? 'conditions:yes' : 'conditions:no');
  if (typeof found === 'number') return found.toLocaleString(document.documentElement.lang || 'en');
  if (typeof found === 'string') return INSTANT.test(found) ? absoluteTime(found, Intl.DateTimeFormat().resolvedOptions().timeZone) : found;
  if (Array.isArray(found)) return found.map((one) => foundWords(one, t)).join(', ');
  return Object.entries(found as Record<string, unknown>).map(([key, value]) => `${key.replaceAll('_', ' ')}: ${foundWords(value, t)}`).join(', ');
}
