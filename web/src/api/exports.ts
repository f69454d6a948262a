/** Exports of contacts are plain downloads: the address says everything. */

export interface ExportFilter { search?: string; tag?: string; segment?: string; channel?: string; consent?: string; language?: string }

export function exportUrl(format: 'csv' | 'xlsx' | 'jsonl', filter: ExportFilter, columns?: string[]): string {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(filter)) if (typeof value === 'string' && value !== '') query.set(name, value);
  if (columns && columns.length > 0) query.set('columns', columns.join(','));
  return `/v1/contacts/export?${query.toString()}`;
}
