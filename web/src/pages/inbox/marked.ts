/** A text cut where marks begin and end. Places count characters, as the server does, not UTF-16 units. */

export interface Piece { text: string; marked: boolean }

export function pieces(text: string, marks: readonly (readonly number[])[]): Piece[] {
  const chars = [...text];
  const found: Piece[] = [];
  let at = 0;
  const put = (to: number, marked: boolean): void => {
    if (to > at) found.push({ text: chars.slice(at, to).join(''), marked });
    at = Math.max(at, to);
  };
  for (const [from = 0, to = 0] of marks) {
    put(from, false);
    put(to, true);
  }
  put(chars.length, false);
  return found;
}
