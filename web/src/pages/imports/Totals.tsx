import { IconAlertTriangle, IconEqual, IconPlayerSkipForward, IconRefresh, IconUserPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { ImportTotals } from '../../api/types';
import { formatCount } from '../../ui/numbers';
import classes from './imports.module.css';

const KINDS = [
  { kind: 'created', Glyph: IconUserPlus, tone: 'success' },
  { kind: 'updated', Glyph: IconRefresh, tone: 'info' },
  { kind: 'unchanged', Glyph: IconEqual, tone: 'neutral' },
  { kind: 'skipped', Glyph: IconPlayerSkipForward, tone: 'neutral' },
  { kind: 'errors', Glyph: IconAlertTriangle, tone: 'danger' },
] as const;

/** What becomes of the rows, or became of them. */
export function Totals({ totals, planned }: { totals: ImportTotals; planned: boolean }) {
  const { t } = useTranslation('imports');
  return (
    <ul className={classes.totals} aria-label={t(planned ? 'totals.planned' : 'totals.done')}>
      {KINDS.map(({ kind, Glyph, tone }) => (
        <li key={kind} data-tone={totals[kind] > 0 ? tone : 'neutral'} data-testid={`total-${kind}`}>
          <Glyph size={16} stroke={1.75} aria-hidden />
          <strong>{formatCount(totals[kind])}</strong>
          <span>{t(planned ? `totals.will.${kind}` : `totals.was.${kind}`)}</span>
        </li>
      ))}
    </ul>
  );
}
