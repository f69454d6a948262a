import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from '../../../ui/toast';
import { useEditor } from '../editor/editor';
import { drawnOf, JOURNEYS, type Journey } from './journeys';
import classes from './starters.module.css';

/** Ready journeys for a canvas where nothing is drawn yet. One step of undo brings the empty canvas back. */
export function Starters() {
  const { t } = useTranslation('flowstart');
  const editor = useEditor();
  const [away, setAway] = useState(false);
  if (away) return null;
  const take = (journey: Journey): void => {
    const drawn = drawnOf(journey);
    if (!drawn) return;
    editor.edit(() => drawn);
    toast(t('drawn', { name: t(`${journey.name}.title`) }));
    // The steps are on the canvas one frame later.
    requestAnimationFrame(() => requestAnimationFrame(() => editor.canvas.current?.fit()));
  };
  return (
    <section className={classes.starters} aria-label={t('title')}>
      <div className={classes.head}>
        <div><h2>{t('title')}</h2><p>{t('text')}</p></div>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('away')} onClick={() => setAway(true)}><IconX size={16} aria-hidden /></ActionIcon>
      </div>
      <ul className={classes.cards}>
        {JOURNEYS.map((journey) => {
          const { name, icon: Glyph } = journey;
          return (
            <li key={name}>
              <button type="button" className={classes.card} data-journey={name} onClick={() => take(journey)}>
                <span className={classes.name}><Glyph size={18} aria-hidden />{t(`${name}.title`)}</span>
                <span>{t(`${name}.text`)}</span>
                <small>{t(`${name}.needs`)}</small>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
