import { describe, expect, it } from 'vitest';
import type { Medium, ProviderTemplate } from '../../api/types';
import { contentOf, mediumOf, placesOf, textOf, usable } from './templates';

const made = (components: object[], change: Partial<ProviderTemplate> = {}): ProviderTemplate => ({
  id: 'tpl_1', account_id: 'acc_1', name: 'parcel', language: 'en', category: 'UTILITY', parameter_format: 'POSITIONAL', components: components as ProviderTemplate['components'],
  status: 'APPROVED', reason: null, quality: null, provider_template_id: null, created_at: '', updated_at: '', ...change,
});
const BODY = { type: 'BODY', text: 'Hi {{1}}, it comes {{2}}. {{1}}!' };

describe('templates', () => {
  it('has a place for each value, once', () => {
    const template = made([{ type: 'HEADER', format: 'TEXT', text: 'Order {{1}}' }, BODY, { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'No' }, { type: 'URL', text: 'Track', url: 'https://x.example/{{1}}' }] }]);
    expect(placesOf(template).map((place) => place.key)).toEqual(['header.1', 'body.1', 'body.2', 'button.1']);
    const values = { 'header.1': '7', 'body.1': ' Ann ', 'button.1': 'abc' };
    expect(textOf(template, values)).toBe('Order 7\nHi Ann, it comes {{2}}. Ann!');
    expect(contentOf(template, { ...values, 'body.2': 'today' }, null)).toEqual({
      type: 'template', name: 'parcel', language: 'en', category: 'utility',
      header: [{ type: 'text', text: '7' }], body: [{ type: 'text', text: 'Ann' }, { type: 'text', text: 'today' }],
      buttons: [{ index: 1, kind: 'url', value: { type: 'text', text: 'abc' } }], text: 'Order 7\nHi Ann, it comes today. Ann!',
    });
  });

  it('names the values of a template with names', () => {
    const template = made([{ type: 'BODY', text: 'Hi {{first_name}}' }], { parameter_format: 'NAMED' });
    expect(contentOf(template, { 'body.first_name': 'Ann' }, null)).toMatchObject({ body: [{ type: 'text', text: 'Ann', name: 'first_name' }], text: 'Hi Ann' });
  });

  it('puts a file into the headline', () => {
    const template = made([{ type: 'HEADER', format: 'IMAGE' }, BODY]);
    expect(mediumOf(template)).toBe('image');
    expect(contentOf(template, {}, { id: 'med_1' } as Medium)).toMatchObject({ header: [{ type: 'image', media_id: 'med_1' }] });
  });

  it('leaves out what cannot be filled in here or is not approved', () => {
    expect(usable(made([BODY]))).toBe(true);
    expect(usable(made([BODY], { status: 'PENDING' }))).toBe(false);
    expect(usable(made([{ type: 'HEADER', format: 'LOCATION' }, BODY]))).toBe(false);
  });
});
