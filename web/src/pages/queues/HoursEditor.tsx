import { ActionIcon, NativeSelect, Switch, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckBox } from '../../ui/CheckBox';
import { DAYS, officeHours, type Day, type Hours, type Opening } from './draft';
import classes from './queues.module.css';

const OPENINGS_MAX = 6;
const ZONES = Intl.supportedValuesOf('timeZone');
const DATE = /^\d{4}-\d{2}-\d{2}$/;

const split = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

function DayRow({ day, openings, onChange }: { day: Day; openings: Opening[]; onChange: (openings: Opening[]) => void }) {
  const { t } = useTranslation('queues');
  const name = t(`day.${day}`);
  const put = (at: number, change: Partial<Opening>): void => onChange(openings.map((opening, place) => (place === at ? { ...opening, ...change } : opening)));
  return (
    <div className={classes.day}>
      <CheckBox checked={openings.length > 0} onChange={(open) => onChange(open ? [{ start: '09:00', end: '17:00' }] : [])}>{name}</CheckBox>
      <div className={classes.openings}>
        {openings.length === 0 && <span className={classes.dim}>{t('hours.closed')}</span>}
        {openings.map((opening, at) => (
          <span key={at} className={classes.opening}>
            <TextInput type="time" className={classes.clock} aria-label={t('hours.from', { day: name })} value={opening.start} onChange={(event) => put(at, { start: event.currentTarget.value })} />
            <span className={classes.to} aria-hidden />
            <TextInput type="time" className={classes.clock} aria-label={t('hours.to', { day: name })} value={opening.end} onChange={(event) => put(at, { end: event.currentTarget.value })} />
            {openings.length > 1 && <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('hours.remove', { day: name, from: opening.start })} onClick={() => onChange(openings.filter((_, place) => place !== at))}><IconX size={15} aria-hidden /></ActionIcon>}
          </span>
        ))}
        {openings.length > 0 && openings.length < OPENINGS_MAX && (
          <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('hours.more', { day: name })} onClick={() => onChange([...openings, { start: '18:00', end: '20:00' }])}><IconPlus size={16} aria-hidden /></ActionIcon>
        )}
      </div>
    </div>
  );
}

/** Days without a queue. The text is the writer's own until it reads as dates. */
export function HolidaysInput({ days, onChange }: { days: string[]; onChange: (days: string[]) => void }) {
  const { t } = useTranslation('queues');
  const [text, setText] = useState(days.join(', '));
  const wrong = split(text).find((day) => !DATE.test(day) || Number.isNaN(Date.parse(day)));
  return (
    <Textarea
      label={t('hours.holidays')} description={t('hours.holidaysHint')} placeholder="2026-12-25, 2027-01-01" autosize minRows={1} dir="ltr"
      value={text} error={wrong && t('hours.notADate', { day: wrong })}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const found = split(next);
        if (found.every((day) => DATE.test(day) && !Number.isNaN(Date.parse(day)))) onChange([...new Set(found)]);
      }}
    />
  );
}

export function HoursEditor({ hours, zone, onChange, error, label }: { label?: string; hours: Hours | null; zone: string; onChange: (hours: Hours | null) => void; error: string | undefined }) {
  const { t } = useTranslation('queues');
  return (
    <>
      <Switch label={label ?? t('hours.use')} checked={hours !== null} onChange={(event) => onChange(event.currentTarget.checked ? officeHours(zone) : null)} />
      {error && <p role="alert" style={{ margin: 0, color: 'var(--mantine-color-error)', fontSize: 13 }}>{error}</p>}
      {hours && (
        <>
          <NativeSelect label={t('hours.zone')} maw={320} data={ZONES.includes(hours.time_zone) ? ZONES : [hours.time_zone, ...ZONES]} value={hours.time_zone} onChange={(event) => onChange({ ...hours, time_zone: event.currentTarget.value })} />
          <div className={classes.week} role="group" aria-label={t('hours.week')}>
            {DAYS.map((day) => <DayRow key={day} day={day} openings={hours.week[day] ?? []} onChange={(openings) => onChange({ ...hours, week: { ...hours.week, [day]: openings } })} />)}
          </div>
          <HolidaysInput days={hours.holidays} onChange={(holidays) => onChange({ ...hours, holidays })} />
        </>
      )}
    </>
  );
}
