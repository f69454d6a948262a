/** One line that says what a step does, for its box on the canvas. Pure. */
import type { Data, Step } from './document';

const text = (value: unknown): string => (typeof value === 'string' ? value.replaceAll(/\s+/g, ' ').trim() : typeof value === 'number' ? String(value) : '');
const record = (value: unknown): Data => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Data) : {});
const items = (value: unknown): Data[] => (Array.isArray(value) ? value.map(record) : []);
const first = (...values: unknown[]): string => values.map(text).find((value) => value !== '') ?? '';
const names = (value: unknown, key = 'name'): string => items(value).map((item) => text(item[key])).filter(Boolean).join(', ');

/** What a content says, or what kind it is. */
export function contentWords(content: unknown): string {
  const { type, text: body, caption, name, card, cards } = record(content);
  return first(body, caption, name, record(card).title, record(card).description, items(cards)[0]?.title, type === 'text' ? '' : type);
}

const duration = (value: unknown): string => {
  const { amount, unit = 'minutes' } = record(value);
  return amount === undefined ? '' : `${text(amount)} ${text(unit)}`;
};

function trigger(value: unknown): string {
  const { kind, words, intent, event, at } = record(value);
  return first(Array.isArray(words) ? words.join(', ') : '', intent, event, typeof at === 'string' ? at.slice(0, 5) : '', kind, 'any');
}

function arms(value: unknown): string {
  const found = items(value);
  const total = found.reduce((sum, arm) => sum + (Number(arm.weight) || 0), 0);
  return found.map((arm) => `${text(arm.name)} ${total > 0 ? Math.round((100 * (Number(arm.weight) || 0)) / total) : 0} %`).join(', ');
}

export function summaryOf({ type, data }: Pick<Step, 'type' | 'data'>): string {
  switch (type) {
    case 'start': return trigger(data.trigger);
    case 'send': return contentWords(data.content);
    case 'ask': return first(contentWords(data.content), names(data.choices));
    case 'branch': return names(data.cases);
    case 'intent': return names(data.intents, 'intent');
    case 'split': return arms(data.arms);
    case 'wait': return first(duration(data.duration), data.until, text(record(data.local).at).slice(0, 5));
    case 'set': return text(data.name) && `${text(data.name)} = ${typeof data.value === 'boolean' ? String(data.value) : text(data.value)}`;
    case 'tag': return text(data.tag) && `${data.remove === true ? '− ' : ''}${text(data.tag)}`;
    case 'webhook': return text(data.url) && `${first(data.method, 'GET')} ${text(data.url).replace(/^https?:\/\//, '')}`;
    case 'goal': return text(data.name);
    default: return first(data.text, data.queue, data.event, data.number, data.outcome, data.url, data.name);
  }
}
