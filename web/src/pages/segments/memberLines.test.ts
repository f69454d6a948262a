import { expect, test } from 'vitest';
import { readMembers } from './memberLines';

const ID = 'con_01kasw8qbefw09m6sc5kymr0kh';

test('ids and numbers are told apart, once each, whatever stands around them', () => {
  const found = readMembers(`Contact,Name\r\n"${ID}",Asha\n${ID}\n+44 7700 900123;x\n0044 7700-900123\n\n+447700900123`);
  expect(found).toEqual({ ids: [ID], numbers: ['+447700900123'], wrong: [] });
});

test('what is neither is told with its line; a head line is passed over', () => {
  expect(readMembers('Number\nhello\n12\n07700 900123').wrong).toEqual([{ line: 2, text: 'hello' }, { line: 3, text: '12' }, { line: 4, text: '07700 900123' }]);
});
