/** An approved template as an agent fills it in: its places, what the person will see, and the content that is sent. Pure. */
import type { Medium, ProviderTemplate, ReplyContent } from '../../api/types';

/** `key`: `header.1`, `body.first_name`, `button.0`. */
export interface Place { key: string; part: 'header' | 'body' | 'button'; name: string; title: string }

interface Component { type: string; format?: string; text?: string; buttons?: { type: string; text?: string; url?: string }[] }
type Values = Readonly<Record<string, string>>;

const PLACE = /\{\{\s*(\w+)\s*\}\}/g;
const MEDIA: Record<string, 'image' | 'video' | 'document'> = { IMAGE: 'image', VIDEO: 'video', DOCUMENT: 'document' };
const BARE_FORMATS = ['', 'TEXT', ...Object.keys(MEDIA)];

const parts = (template: ProviderTemplate): Component[] => template.components as unknown as Component[];
const part = (template: ProviderTemplate, type: string): Component | undefined => parts(template).find((one) => one.type.toUpperCase() === type);
const names = (text: string | undefined): string[] => [...new Set([...(text ?? '').matchAll(PLACE)].map(([, name]) => name ?? ''))];
const links = (template: ProviderTemplate): { index: number; title: string }[] =>
  (part(template, 'BUTTONS')?.buttons ?? []).flatMap((one, index) => (one.type.toUpperCase() === 'URL' && names(one.url).length > 0 ? [{ index, title: one.text ?? '' }] : []));

/** The kind of file that its headline needs, or null. */
export const mediumOf = (template: ProviderTemplate): 'image' | 'video' | 'document' | null => MEDIA[part(template, 'HEADER')?.format?.toUpperCase() ?? ''] ?? null;

/** Whether an agent can send it from here: approved, and of parts that can be filled in. */
export const usable = (template: ProviderTemplate): boolean =>
  template.status === 'APPROVED' && Boolean(part(template, 'BODY')?.text) && BARE_FORMATS.includes(part(template, 'HEADER')?.format?.toUpperCase() ?? '') && !parts(template).some((one) => one.type.toUpperCase() === 'CAROUSEL');

export function placesOf(template: ProviderTemplate): Place[] {
  return [
    ...names(mediumOf(template) ? '' : part(template, 'HEADER')?.text).map((name): Place => ({ key: `header.${name}`, part: 'header', name, title: '' })),
    ...names(part(template, 'BODY')?.text).map((name): Place => ({ key: `body.${name}`, part: 'body', name, title: '' })),
    ...links(template).map(({ index, title }): Place => ({ key: `button.${index}`, part: 'button', name: String(index), title })),
  ];
}

const filled = (text: string, of: 'header' | 'body', values: Values): string => text.replace(PLACE, (mark, name: string) => values[`${of}.${name}`]?.trim() || mark);

/** What the person reads; places that have no value yet stay as they are. */
export function textOf(template: ProviderTemplate, values: Values): string {
  const header = mediumOf(template) ? '' : (part(template, 'HEADER')?.text ?? '');
  return [filled(header, 'header', values), filled(part(template, 'BODY')?.text ?? '', 'body', values), part(template, 'FOOTER')?.text ?? ''].filter(Boolean).join('\n');
}

export function contentOf(template: ProviderTemplate, values: Values, medium: Medium | null): NonNullable<ReplyContent> {
  const named = template.parameter_format.toUpperCase() === 'NAMED';
  const value = (place: Place) => ({ type: 'text' as const, text: (values[place.key] ?? '').trim(), ...(named && place.part !== 'button' ? { name: place.name } : {}) });
  const places = placesOf(template);
  const kind = mediumOf(template);
  const category = template.category.toLowerCase();
  return {
    type: 'template',
    name: template.name,
    language: template.language,
    category: category === 'marketing' || category === 'utility' || category === 'authentication' ? category : null,
    header: kind && medium ? [{ type: kind, media_id: medium.id }] : places.filter((place) => place.part === 'header').map(value),
    body: places.filter((place) => place.part === 'body').map(value),
    buttons: places.filter((place) => place.part === 'button').map((place) => ({ index: Number(place.name), kind: 'url' as const, value: value(place) })),
    text: textOf(template, values),
  };
}
