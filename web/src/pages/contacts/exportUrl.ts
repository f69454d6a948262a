import { filterOf, type ContactsSearch } from './contactsSearch';

/** Columns of the file that stand for a column of the table. */
const IN_FILE: Record<string, string[]> = {
  number: ['phone'], channels: ['phone', 'whatsapp', 'rcs', 'sip'], consent: ['consent.sms', 'consent.whatsapp', 'consent.rcs', 'consent.voice'],
  zone: ['time_zone'], inbound: ['last_inbound_at'], created: ['created_at'],
};

/** The file with what the table shows: its filters, and its columns where they were chosen. */
export function exportUrl(search: ContactsSearch, format: string): string {
  const columns = search.cols && [...new Set(['name', ...search.cols.split(',').flatMap((id) => IN_FILE[id] ?? [id])])].join(',');
  const asked = Object.entries({ format, ...filterOf(search), columns }).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `/v1/contacts/export?${new URLSearchParams(asked).toString()}`;
}
