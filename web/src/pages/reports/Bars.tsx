import { useTranslation } from 'react-i18next';
import { formatCount } from '../../ui/numbers';
import classes from './reports.module.css';

/** So many bars have room for a value and a name each; of more, only the ends are named. */
const NAMED_MAX = 14;

export interface Bar { when: string; short: string; value: number }

/** One bar an interval; the table below it says the same in numbers, so that readers of screens are told only what it is. */
export function Bars({ bars, title }: { bars: Bar[]; title: string }) {
  const { t } = useTranslation('reports');
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  const named = bars.length <= NAMED_MAX;
  const first = bars.at(0), last = bars.at(-1);
  return (
    <figure className={classes.chart}>
      {!named && <figcaption className={classes.dim}>{t('most', { value: formatCount(most) })}</figcaption>}
      <div className={classes.bars} role="img" aria-label={title} data-named={named || undefined}>
        {bars.map((bar) => (
          <div key={bar.when} title={t('bar', { when: bar.when, value: formatCount(bar.value) })}>
            {named && <small data-none={bar.value === 0 || undefined}>{formatCount(bar.value)}</small>}
            <span style={{ height: `${(bar.value / most) * 100}%` }} />
          </div>
        ))}
      </div>
      <div className={classes.axis} data-named={named || undefined} aria-hidden>
        {named ? bars.map((bar) => <span key={bar.when}>{bar.short}</span>) : <><span>{first?.when}</span><span>{last?.when}</span></>}
      </div>
    </figure>
  );
}
