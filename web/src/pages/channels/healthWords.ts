/** Health as words, tones and numbers. */
import type { AccountHealth, ProviderAccount } from '../../api/types';
import type { Tone } from '../../ui/Status';

export type AccountState = 'paused' | 'stopped' | 'trying' | 'working' | 'idle' | 'unknown';

const GOOD = 85;
const FAIR = 60;

/** One word for how an account does now. */
export function stateOf(account: Pick<ProviderAccount, 'status' | 'health'>): AccountState {
  if (account.status === 'paused') return 'paused';
  if (!account.health) return 'unknown';
  switch (account.health.state) {
    case 'open': return 'stopped';
    case 'half_open': return 'trying';
    default: return account.health.score === null ? 'idle' : 'working';
  }
}

export const STATE_TONES: Record<AccountState, Tone> = { paused: 'warning', stopped: 'danger', trying: 'progress', working: 'success', idle: 'neutral', unknown: 'warning' };

/** A text key for a score. */
export const scoreWord = (score: number): 'good' | 'fair' | 'poor' => (score >= GOOD ? 'good' : score >= FAIR ? 'fair' : 'poor');
export const SCORE_TONES = { good: 'success', fair: 'warning', poor: 'danger' } as const satisfies Record<string, Tone>;

/** Messages a second with as many digits as say something: 0, 0.05, 3.2, 140. */
export const formatRate = (perS: number, language = 'en'): string =>
  perS.toLocaleString(language, { maximumFractionDigits: perS >= 100 ? 0 : perS >= 1 ? 1 : 2 });

/** The share of what was sent in the window that the provider took, or null. */
export function acceptedShare(window: AccountHealth['window']): number | null {
  return window.sent === 0 ? null : window.accepted / window.sent;
}

/** The rate that bounds an account, and of what; null where nobody set one. */
export function limitOf(limits: ProviderAccount['limits']): { value: number; of: 'account' | 'number' | 'parts' } | null {
  if (limits.messages_per_s) return { value: limits.messages_per_s, of: 'account' };
  if (limits.channel_messages_per_s) return { value: limits.channel_messages_per_s, of: 'number' };
  return limits.segments_per_s ? { value: limits.segments_per_s, of: 'parts' } : null;
}
