import { useTranslation } from 'react-i18next';
import { formatCount } from '../../ui/numbers';
import classes from './reports.module.css';

const HEIGHT = 140;
const WIDTH = 960;
const GAP = 0.25;

export interface Bar { when: string; value: number }

/** One bar an interval; the table below it says the same in numbers, so that readers of screens are told only what it is. */
export function Bars({ bars, title }: { bars: Bar[]; title: string }) {
  const { t } = useTranslation('reports');
  const most = Math.max(1, ...bars.map((bar) => bar.value));
  const step = WIDTH / Math.max(1, bars.length);
  const first = bars.at(0), last = bars.at(-1);
  return (
    <figure className={classes.chart}>
      <figcaption>{title}<span className={classes.dim}>{formatCount(most)}</span></figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={title}>
        {bars.map((bar, at) => {
          const height = (bar.value / most) * HEIGHT;
          return <rect key={bar.when} x={at * step + (step * GAP) / 2} y={HEIGHT - height} width={step * (1 - GAP)} height={height}><title>{t('bar', { when: bar.when, value: formatCount(bar.value) })}</title></rect>;
        })}
      </svg>
      <div className={classes.axis} aria-hidden><span>{first?.when}</span>{last !== first && <span>{last?.when}</span>}</div>
    </figure>
  );
}
