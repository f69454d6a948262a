/** An instant (RFC 3339, UTC) in a `datetime-local` field, in the zone of the browser, and back. Pure but for that zone. */

const two = (value: number): string => String(value).padStart(2, '0');

export function toLocalInput(instant: string): string {
  const at = new Date(instant);
  if (instant === '' || Number.isNaN(at.getTime())) return '';
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function fromLocalInput(value: string): string {
  const at = new Date(value);
  return value === '' || Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
