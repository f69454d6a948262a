import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconHistory } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { replayFlow, type ReplayedSession } from '../../../api/flowLive';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { When } from '../../../ui/When';
import { useEditor } from '../editor/editor';
import { useSaver } from '../editor/saverContext';
import { partOf } from './laid';
import classes from './compare.module.css';

const DAYS = 7;

function Session({ one }: { one: ReplayedSession }) {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const { at, was, now } = partOf(one);
  return (
    <li className={classes.change}>
      <div className={classes.head}>
        <Link to="/contacts/$contactId" params={{ contactId: one.contact_id }}><bdi>{one.contact_name || t('replay.nameless')}</bdi></Link>
        <small><When at={one.started_at} /> · {t('figures.version', { version: one.version })}</small>
      </div>
      <p className={classes.way}>
        <button type="button" className={classes.link} title={t('figures.show')} onClick={() => editor.canvas.current?.center(at)}>{at}</button>{' '}
        {t('replay.part', { was: was || t('replay.ends'), now: now || t('replay.ends') })}
      </p>
      {one.reason && <p className={classes.hint}>{t('replay.stuck', { reason: one.reason })}</p>}
    </li>
  );
}

/** Last week's real sessions on the draft: how many go another way, and where they part. */
export function Replay() {
  const { t } = useTranslation('flowlive');
  const editor = useEditor();
  const saver = useSaver();
  const run = useMutation({
    mutationFn: async () => {
      await saver.flush();
      return replayFlow(editor.flowId, DAYS);
    },
  });
  const { data, error } = run;
  return (
    <section className={classes.replay} aria-label={t('replay.title')}>
      <h3>{t('replay.title')}</h3>
      <p className={classes.hint}>{t('replay.text')}</p>
      <Button variant="default" leftSection={<IconHistory size={16} aria-hidden />} loading={run.isPending} onClick={() => run.mutate()}>{t('replay.run')}</Button>
      {error && <ProblemAlert error={error} />}
      {data && (
        <div role="status" className={classes.hint}>
          <p><strong>{data.played === 0 ? t('replay.none') : t('replay.changed', { count: data.changed.length, played: data.played })}</strong></p>
          {data.unrepeatable > 0 && <p>{t('replay.unrepeatable', { count: data.unrepeatable })}</p>}
          {data.unreadable > 0 && <p>{t('replay.unreadable', { count: data.unreadable })}</p>}
        </div>
      )}
      {data && data.changed.length > 0 && <ul className={classes.changes}>{data.changed.map((one) => <Session key={one.id} one={one} />)}</ul>}
    </section>
  );
}
