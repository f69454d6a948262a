/** Whether each channel reaches somebody, and if not, why. */
import type { ContactDetail } from '../../../api/contactTypes';

export const REACH_CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
const KINDS: Record<(typeof REACH_CHANNELS)[number], string[]> = { sms: ['phone'], whatsapp: ['whatsapp', 'phone'], rcs: ['rcs', 'phone'], voice: ['phone', 'sip'] };

export interface Reach { channel: (typeof REACH_CHANNELS)[number]; state: 'yes' | 'out' | 'none' }

export function reachOf({ addresses, consents }: Pick<ContactDetail, 'addresses' | 'consents'>): Reach[] {
  return REACH_CHANNELS.map((channel) => {
    const out = consents.some((consent) => consent.channel_kind === channel && consent.purpose === 'all' && consent.state === 'opted_out');
    if (!addresses.some((address) => KINDS[channel].includes(address.kind))) return { channel, state: 'none' };
    return { channel, state: out ? 'out' : 'yes' };
  });
}
