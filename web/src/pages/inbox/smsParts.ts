/** How many SMS parts a text takes. Source: 3GPP TS 23.038 (alphabet), 23.040 (concatenation). */

const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';

const SEPTETS = new Map<string, number>([...[...BASIC].map((c) => [c, 1] as const), ...[...EXTENSION].map((c) => [c, 2] as const)]);

const LIMITS = { 'GSM-7': { alone: 160, joined: 153 }, 'UCS-2': { alone: 70, joined: 67 } } as const;

export interface SmsParts {
  encoding: keyof typeof LIMITS;
  /** Code points typed by the writer. */
  characters: number;
  /** 0 for an empty text, else 1..n. */
  parts: number;
  /** Units (septets or UTF-16 units) still free in the last part. */
  left: number;
  /** The first character that forced UCS-2, or null. */
  culprit: string | null;
}

/** What word processors put in place of plain characters. */
const PLAIN: Record<string, string> = { '‘': "'", '’': "'", '“': '"', '”': '"', '„': '"', '–': '-', '—': '-', '…': '...', '\u00a0': ' ', '\t': ' ', '`': "'" };

/** `text` with typographic characters made plain, or null when that does not bring it back to GSM-7. */
export function plainText(text: string): string | null {
  const plain = [...text].map((char) => PLAIN[char] ?? char).join('');
  return plain !== text && [...plain].every((char) => SEPTETS.has(char)) ? plain : null;
}

/** Counts the parts of `text`. A two-septet character and a surrogate pair never straddle two parts. */
export function smsParts(text: string): SmsParts {
  const chars = [...text];
  const culprit = chars.find((c) => !SEPTETS.has(c)) ?? null;
  const encoding = culprit === null ? 'GSM-7' : 'UCS-2';
  const { alone, joined } = LIMITS[encoding];
  const units = chars.map((c) => (culprit === null ? (SEPTETS.get(c) ?? 1) : c.length));
  const total = units.reduce((sum, n) => sum + n, 0);
  const shape = { encoding, characters: chars.length, culprit } as const;
  if (total === 0) return { ...shape, parts: 0, left: alone };
  if (total <= alone) return { ...shape, parts: 1, left: alone - total };
  let parts = 1;
  let used = 0;
  for (const n of units) {
    if (used + n > joined) {
      parts += 1;
      used = 0;
    }
    used += n;
  }
  return { ...shape, parts, left: joined - used };
}
