/** A pasted or uploaded list of people: one id or number a line. Pure. */

export interface MemberLines { ids: string[]; numbers: string[]; wrong: { line: number; text: string }[] }

const ID = /^con_[0-9a-hjkmnp-tv-z]{26}$/;
const NUMBER = /^(?:\+|00)[\d\s().\-/]{5,24}$/;

/** Numbers need their country code: nothing here says which country they are of. Reads the first cell of each line; quotes go, empty lines and a head line are passed over, the same one twice counts once. */
export function readMembers(text: string): MemberLines {
  const ids = new Set<string>();
  const numbers = new Set<string>();
  const wrong: MemberLines['wrong'] = [];
  for (const [at, raw] of text.split(/\r?\n|\r/).entries()) {
    const cell = (raw.split(/[,;\t]/)[0] ?? '').trim().replace(/^["'](.*)["']$/, '$1').trim();
    if (cell === '') continue;
    if (ID.test(cell)) ids.add(cell);
    else if (NUMBER.test(cell) && cell.replace(/\D/g, '').length >= 5) numbers.add(cell.replace(/[\s().\-/]/g, '').replace(/^00/, '+'));
    else if (at > 0 || /\d/.test(cell)) wrong.push({ line: at + 1, text: cell.slice(0, 80) });
  }
  return { ids: [...ids], numbers: [...numbers], wrong };
}
