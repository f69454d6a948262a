import { useQuery } from '@tanstack/react-query';
import { IconCircle, IconCircleCheckFilled } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { channelsQuery, queuesQuery, usersQuery } from '../../api/queries';
import { useMe } from '../../app/session';
import classes from './home.module.css';

/** What a new tenant still needs, with what is there already ticked. */
export function FirstSteps() {
  const { t } = useTranslation('home');
  const me = useMe();
  const channels = useQuery({ ...channelsQuery, enabled: can(me, 'readChannels') }).data?.items.length ?? 0;
  const queues = useQuery({ ...queuesQuery, enabled: can(me, 'readQueues') }).data?.items.length ?? 0;
  const people = useQuery({ ...usersQuery, enabled: can(me, 'readUsers') }).data?.items.length ?? 0;
  const steps = [
    { key: 'channel', done: channels > 0 },
    { key: 'queue', done: queues > 0 },
    { key: 'people', done: people > 1 },
    { key: 'message', done: false },
  ] as const;
  const done = steps.filter((step) => step.done).length;
  return (
    <section className={`surface ${classes.panel} ${classes.first}`} aria-labelledby="home-first">
      <h2 id="home-first" className={classes.panelTitle}>{t('first.title')}</h2>
      <p className={classes.quiet}>{t('first.progress', { done, all: steps.length })}</p>
      <ol className={classes.steps}>
        {steps.map((step) => (
          <li key={step.key} data-done={step.done || undefined}>
            {step.done ? <IconCircleCheckFilled size={20} aria-label={t('first.done')} /> : <IconCircle size={20} aria-label={t('first.open')} />}
            <div>
              <strong>{t(`first.${step.key}.title`)}</strong>
              <p>{t(`first.${step.key}.text`)}</p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
