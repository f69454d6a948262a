// @vitest-environment jsdom
import { expect, test } from 'vitest';
import type { TimelineEntry } from '../../api/contactTypes';
import type { Message } from '../../api/types';
import { atWord, withName, withNotes } from './notes';
import { timeline } from './timeline';

const message = (id: string, at: string): Message => ({ id, created_at: at, direction: 'in', origin: 'contact', channel_kind: 'sms', author: null }) as Message;
const note = (id: string, at: string): TimelineEntry => ({ id, at, kind: 'note', actor: null, data: { body: id } });
const MESSAGES = [message('m1', '2026-01-02T10:00:00Z'), message('m2', '2026-01-02T11:00:00Z')];
const NOTES = [note('late', '2026-01-02T12:00:00Z'), note('between', '2026-01-02T10:30:00Z'), note('early', '2026-01-01T10:00:00Z')];
const shown = (more: boolean): string[] => withNotes(timeline(MESSAGES, 'UTC'), NOTES, more).filter((item) => item.kind !== 'day').map((item) => item.key);

test('notes stand between the messages at their time', () => expect(shown(false)).toEqual(['early', 'm1', 'between', 'm2', 'late']));
test('notes from before what is loaded wait until it is', () => expect(shown(true)).toEqual(['m1', 'between', 'm2', 'late']));
test('a thread without messages shows its notes', () => expect(withNotes([], NOTES, false).map((item) => item.key)).toEqual(['early', 'between', 'late']));

test.each([['@', ''], ['ask @Mee', 'Mee'], ['ask @Meera J', 'Meera J'], ['mail me@x', null], ['no', null]])('%j names %j', (text, word) => expect(atWord(text)).toBe(word));
test('the whole name takes the place of its beginning', () => expect(withName('ask @Mee', 'Meera Joshi')).toBe('ask @Meera Joshi '));
