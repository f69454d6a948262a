import { IconCopy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Frame } from '../../../api/simulations';
import { toast } from '../../../ui/toast';
import { pathsOf } from './reading';
import classes from './simulator.module.css';

const written = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What templates may read now, each to be copied as it is written in a text. What the last step changed is marked. */
export function Values({ frames }: { frames: readonly Frame[] }) {
  const { t } = useTranslation('simulator');
  const now = pathsOf(frames.at(-1)?.values ?? {});
  const before = frames.length > 1 ? new Map(pathsOf(frames.at(-2)?.values ?? {}).map(({ path, value }) => [path, written(value)])) : null;
  const copy = async (path: string): Promise<void> => {
    await navigator.clipboard?.writeText(path);
    toast(t('values.copied', { path }));
  };
  if (now.length === 0) return <p className={classes.hint}>{t('values.empty')}</p>;
  return (
    <dl className={classes.values}>
      {now.map(({ path, value }) => {
        const mark = `{{ ${path} }}`;
        const changed = before !== null && before.get(path) !== written(value);
        return (
          <div key={path} data-changed={changed || undefined}>
            <dt><code dir="ltr">{mark}</code><button type="button" className={classes.icon} aria-label={t('values.copy', { path: mark })} onClick={() => void copy(mark)}><IconCopy size={14} aria-hidden /></button></dt>
            <dd dir="auto">{written(value)}{changed && <small className={classes.port}>{t('values.changed')}</small>}</dd>
          </div>
        );
      })}
    </dl>
  );
}
