import { expect, test } from 'vitest';
import { publicId } from './publicId';

test('a UUID as the API writes it', () => {
  expect(publicId('con', '019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071')).toBe('con_01kasw8qbefy09m6sc7n75yr3h');
});
