import { describe, expect, it } from 'vitest';
import type { Queue } from '../../api/types';
import { draftOf, officeHours, settingsOf } from './draft';

const queue = (settings: object | null): Queue => ({ id: 'que_1', name: 'Care', members: [{ id: 'usr_1', name: 'Ann' }], settings, version: 1, updated_at: '', archived_at: null }) as Queue;

describe('a queue while it is edited', () => {
  it('comes back as it was', () => {
    const settings = {
      strategy: 'sticky', skills: { german: 3 }, accept_s: 20, ageing_s: 300,
      hours: { time_zone: 'Europe/Berlin', week: { monday: [{ start: '09:00', end: '17:00' }] }, holidays: ['2026-12-25'] },
      service_levels: { normal: { first_response_s: 300, resolution_s: null } },
      breach: { raise_priority: false, notify: true, queue_id: 'que_2', webhook_id: null },
      overflow: { wait_s: 120, queue_id: 'que_2' },
      after_hours: { text: 'Closed', queue_id: null },
      satisfaction: { enabled: true, text: '1 to 5?' },
      voice: { answer: true, language: 'de-DE', greeting: 'Hallo', music_url: '', callback_after_s: 120, wait_s: 900, record: true, transcribe: false, notice: 'Aufnahme' },
    };
    expect(settingsOf(draftOf(queue(settings)))).toEqual(settings);
  });
  it('fills in what was never set', () => {
    const draft = draftOf(queue(null));
    expect(draft.members).toEqual(['usr_1']);
    expect(settingsOf(draft)).toMatchObject({ strategy: 'capable', hours: null, service_levels: {}, overflow: null });
  });
  it('drops days without openings, levels without targets and skills without a name', () => {
    const draft = { ...draftOf(null), hours: { ...officeHours('UTC'), week: { monday: [], sunday: [{ start: '10:00', end: '12:00' }] } }, levels: { high: { first_response_s: null, resolution_s: null } }, skills: [{ name: ' ', level: 1 }] };
    expect(settingsOf(draft)).toMatchObject({ hours: { week: { sunday: [{ start: '10:00', end: '12:00' }] } }, service_levels: {}, skills: {} });
    expect(Object.keys(settingsOf(draft).hours?.week ?? {})).toEqual(['sunday']);
  });
  it('takes the seconds off clock times', () => {
    const hours = { time_zone: 'UTC', week: { monday: [{ start: '09:00:00', end: '17:00:00' }] }, holidays: [] };
    expect(draftOf(queue({ hours })).hours?.week.monday).toEqual([{ start: '09:00', end: '17:00' }]);
  });
});
