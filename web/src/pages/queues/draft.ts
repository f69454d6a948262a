/** The settings of a queue while they are edited: every field filled in. */
import type { Queue, QueueSettings } from '../../api/types';

export const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export const STRATEGIES = ['capable', 'least_loaded', 'round_robin', 'sticky'] as const;
export const PRIORITIES = ['urgent', 'high', 'normal', 'low'] as const;

export type Day = (typeof DAYS)[number];
export type PriorityName = (typeof PRIORITIES)[number];
export interface Opening { start: string; end: string }
export interface Hours { time_zone: string; week: Partial<Record<Day, Opening[]>>; holidays: string[] }
export interface Level { first_response_s: number | null; resolution_s: number | null }

export interface Draft {
  name: string;
  members: string[];
  strategy: (typeof STRATEGIES)[number];
  skills: { name: string; level: number }[];
  accept_s: number;
  ageing_s: number;
  hours: Hours | null;
  levels: Partial<Record<PriorityName, Level>>;
  breach: { raise_priority: boolean; notify: boolean; queue_id: string | null; webhook_id: string | null };
  overflow: { wait_s: number; queue_id: string } | null;
  after: { text: string; queue_id: string | null };
  satisfaction: { enabled: boolean; text: string };
  voice: Voice;
}

type Voice = { answer: boolean; language: string; greeting: string; music_url: string; callback_after_s: number | null; wait_s: number; record: boolean; transcribe: boolean; notice: string };
const SILENT: Voice = { answer: false, language: 'en-US', greeting: '', music_url: '', callback_after_s: null, wait_s: 1800, record: false, transcribe: false, notice: '' };
const OFFICE: Opening = { start: '09:00', end: '17:00' };
const minutes = (clock: string): string => clock.slice(0, 5);

export const officeHours = (time_zone: string): Hours => ({
  time_zone, holidays: [], week: Object.fromEntries(DAYS.slice(0, 5).map((day) => [day, [OFFICE]])),
});

/** Hours while they are edited: every field filled in. */
export const hoursDraft = (hours: QueueSettings['hours']): Hours | null => (hours ? {
  time_zone: hours.time_zone,
  week: Object.fromEntries(Object.entries(hours.week).map(([day, openings]) => [day, openings.map(({ start, end }) => ({ start: minutes(start), end: minutes(end) }))])),
  holidays: hours.holidays ?? [],
} : null);

/** As the API takes them: days without an opening are closed. */
export const hoursSaved = (hours: Hours | null): NonNullable<QueueSettings['hours']> | null =>
  hours && { ...hours, week: Object.fromEntries(Object.entries(hours.week).filter(([, openings]) => openings.length > 0)) };

export const levelsDraft = (levels: QueueSettings['service_levels'] | null): Draft['levels'] =>
  Object.fromEntries(Object.entries(levels ?? {}).map(([name, level]) => [name, { first_response_s: level.first_response_s ?? null, resolution_s: level.resolution_s ?? null }]));

/** A level without any target is none. */
export const levelsSaved = (levels: Draft['levels']): Record<string, Level> =>
  Object.fromEntries(Object.entries(levels).filter(([, level]) => level.first_response_s !== null || level.resolution_s !== null));

/** What a queue holds, or what a new one begins with. */
export function draftOf(queue: Queue | null): Draft {
  const had: QueueSettings = queue?.settings ?? {};
  return {
    name: queue?.name ?? '',
    members: queue?.members.map((member) => member.id) ?? [],
    strategy: had.strategy ?? 'capable',
    skills: Object.entries(had.skills ?? {}).map(([name, level]) => ({ name, level })),
    accept_s: had.accept_s ?? 30,
    ageing_s: had.ageing_s ?? 600,
    hours: hoursDraft(had.hours),
    levels: levelsDraft(had.service_levels),
    breach: { raise_priority: had.breach?.raise_priority ?? true, notify: had.breach?.notify ?? true, queue_id: had.breach?.queue_id ?? null, webhook_id: had.breach?.webhook_id ?? null },
    overflow: had.overflow ? { wait_s: had.overflow.wait_s, queue_id: had.overflow.queue_id } : null,
    after: { text: had.after_hours?.text ?? '', queue_id: had.after_hours?.queue_id ?? null },
    satisfaction: { enabled: had.satisfaction?.enabled ?? false, text: had.satisfaction?.text ?? '' },
    voice: { ...SILENT, ...had.voice },
  };
}

/** As the API takes it. */
export function settingsOf(draft: Draft): QueueSettings {
  return {
    strategy: draft.strategy,
    skills: Object.fromEntries(draft.skills.filter(({ name }) => name.trim() !== '').map(({ name, level }) => [name.trim(), level])),
    accept_s: draft.accept_s,
    ageing_s: draft.ageing_s,
    hours: hoursSaved(draft.hours),
    service_levels: levelsSaved(draft.levels),
    breach: draft.breach,
    overflow: draft.overflow,
    after_hours: draft.after,
    satisfaction: draft.satisfaction,
    voice: draft.voice,
  };
}
