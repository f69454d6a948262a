/** Delivery states and reasons as text keys. Reasons the screens do not know are shown as they come. */
export const isTrouble = (status: string): boolean => ['undelivered', 'failed', 'expired', 'refused', 'unknown'].includes(status);

/** What an agent can do about it, as a text key below `next`. */
export function nextAction(status: string, reason: string | null): string | null {
  if (status === 'unknown') return 'wait';
  if (status === 'refused') {
    switch (reason) {
      case 'opted-out': return 'optedOut';
      case 'insufficient-funds': return 'topUp';
      case 'no-rate':
      case 'template-error': return 'manager';
      case 'no-address': return 'otherChannel';
      default: return null;
    }
  }
  return status === 'failed' || status === 'undelivered' || status === 'expired' ? 'otherChannel' : null;
}
