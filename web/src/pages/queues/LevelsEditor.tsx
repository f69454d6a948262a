import { NumberInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { PRIORITIES, type Draft, type Level, type PriorityName } from './draft';
import classes from './queues.module.css';

const MINUTE = 60;
const MINUTES_MAX = 30 * 24 * 60;
const NONE: Level = { first_response_s: null, resolution_s: null };
const NUMBERS: Record<PriorityName, number> = { urgent: 2, high: 1, normal: 0, low: -1 };

function Minutes({ label, value, onChange }: { label: string; value: number | null; onChange: (seconds: number | null) => void }) {
  const { t } = useTranslation('queues');
  return (
    <NumberInput
      hideControls
      aria-label={label} className={classes.minutes} min={1} max={MINUTES_MAX} suffix={t('levels.suffix')} placeholder={t('levels.none')}
      value={value === null ? '' : value / MINUTE}
      onChange={(minutes) => onChange(minutes === '' ? null : Math.round(Number(minutes) * MINUTE))}
    />
  );
}

/** Targets by priority, in minutes of open time. What a priority leaves out is that of the normal one. */
export function LevelsEditor({ levels, onChange }: { levels: Draft['levels']; onChange: (levels: Draft['levels']) => void }) {
  const { t } = useTranslation('queues');
  const put = (name: PriorityName, change: Partial<Level>): void => onChange({ ...levels, [name]: { ...NONE, ...levels[name], ...change } });
  return (
    <table className={classes.levels}>
      <thead><tr><th scope="col">{t('levels.priority')}</th><th scope="col">{t('levels.first')}</th><th scope="col">{t('levels.resolution')}</th></tr></thead>
      <tbody>
        {PRIORITIES.map((name) => {
          const word = t(`common:priority.${NUMBERS[name]}`);
          return (
            <tr key={name}>
              <th scope="row">{word}</th>
              <td><Minutes label={t('levels.firstOf', { priority: word })} value={levels[name]?.first_response_s ?? null} onChange={(first_response_s) => put(name, { first_response_s })} /></td>
              <td><Minutes label={t('levels.resolutionOf', { priority: word })} value={levels[name]?.resolution_s ?? null} onChange={(resolution_s) => put(name, { resolution_s })} /></td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
