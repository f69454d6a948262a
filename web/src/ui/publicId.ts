/** Public ids from UUIDs, as the API writes them: a prefix and 26 letters of Crockford's base 32. */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LETTERS = 26;
const BITS = 5n;

export function publicId(prefix: string, uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let place = 0; place < LETTERS; place += 1) {
    text = (ALPHABET[Number(rest & 31n)] ?? '0') + text;
    rest >>= BITS;
  }
  return `${prefix}_${text}`;
}
