const CHARS_MAX = 63;

/** A key from a label: `Order number` → `order_number`; letters with marks lose them, the rest becomes `_`. */
export function keyOf(label: string): string {
  const plain = label.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const words = plain.replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^[_0-9]+|_+$/g, '');
  return words.slice(0, CHARS_MAX).replace(/_+$/, '');
}

/** One choice a line; the same one twice is one. */
export const choicesOf = (text: string): string[] => [...new Set(text.split('\n').map((line) => line.trim()).filter((line) => line !== ''))];
