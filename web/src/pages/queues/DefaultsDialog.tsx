import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { putQueueDefaults, queueDefaultsQuery, type DefaultPart, type QueueDefaults } from '../../api/desk';
import { keys } from '../../api/keys';
import { asProblem } from '../../api/problem';
import { useMe } from '../../app/session';
import { CheckBox } from '../../ui/CheckBox';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import { hoursDraft, hoursSaved, levelsDraft, levelsSaved, type Draft, type Hours } from './draft';
import { HolidaysInput, HoursEditor } from './HoursEditor';
import { Inherited } from './Inherited';
import { LevelsEditor } from './LevelsEditor';
import classes from './queues.module.css';

interface Said { hours: Hours | null; holidays: string[]; levels: Draft['levels']; locked: DefaultPart[] }

const saidBy = ({ own }: QueueDefaults): Said => ({ hours: hoursDraft(own.hours), holidays: own.holidays ?? [], levels: levelsDraft(own.service_levels), locked: own.locked ?? [] });

function Form({ defaults, mayWrite, onClose }: { defaults: QueueDefaults; mayWrite: boolean; onClose: () => void }) {
  const { t } = useTranslation('queues');
  const me = useMe();
  const client = useQueryClient();
  const [said, setSaid] = useState(() => saidBy(defaults));
  const put = (change: Partial<Said>): void => setSaid((now) => ({ ...now, ...change }));
  const save = useMutation({
    mutationFn: () => {
      const levels = levelsSaved(said.levels);
      return putQueueDefaults(defaults.version, {
        hours: hoursSaved(said.hours), holidays: said.holidays.length > 0 ? said.holidays : null,
        service_levels: Object.keys(levels).length > 0 ? levels : null, locked: said.locked,
      });
    },
    onSuccess: (fresh) => {
      client.setQueryData(keys.queueDefaults, fresh);
      toast(t('defaults.saved'));
      onClose();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const wrong = (part: string): string | undefined => problem?.fields.find(({ pointer }) => pointer.startsWith(`/${part}`))?.detail;
  const lock = (part: DefaultPart) => (
    <CheckBox checked={said.locked.includes(part)} onChange={(on) => put({ locked: on ? [...said.locked, part] : said.locked.filter((each) => each !== part) })}>{t('defaults.lock')}</CheckBox>
  );
  return (
    <form className={classes.form} onSubmit={(event) => {
      event.preventDefault();
      save.mutate();
    }}>
      <p className={classes.lead}>{t('defaults.text')}</p>
      <fieldset disabled={!mayWrite} className={classes.defaults}>
        <section aria-label={t('hours.title')}><h3>{t('hours.title')}</h3><Inherited part="hours" /><HoursEditor label={t('defaults.hours')} hours={said.hours} zone={me.tenant.time_zone} onChange={(hours) => put({ hours })} error={wrong('hours')} />{lock('hours')}</section>
        <section aria-label={t('hours.holidays')}><h3>{t('hours.holidays')}</h3><Inherited part="holidays" /><HolidaysInput days={said.holidays} onChange={(holidays) => put({ holidays })} />{lock('holidays')}</section>
        <section aria-label={t('form.levels')}><h3>{t('form.levels')}</h3><Inherited part="service_levels" /><LevelsEditor levels={said.levels} onChange={(levels) => put({ levels })} />{lock('service_levels')}</section>
      </fieldset>
      {problem && problem.fields.length === 0 && <ProblemAlert error={problem} />}
      <div className={classes.actions}>
        <Button variant="default" onClick={onClose}>{t('form.cancel')}</Button>
        {mayWrite && <Button type="submit" loading={save.isPending}>{t('form.save')}</Button>}
      </div>
    </form>
  );
}

/** What queues have where they set nothing, here and in the workspaces below. */
export function DefaultsDialog({ mayWrite, onClose }: { mayWrite: boolean; onClose: () => void }) {
  const { t } = useTranslation('queues');
  const { data, error, refetch } = useQuery({ ...queueDefaultsQuery, staleTime: 0 });
  return (
    <Modal opened onClose={onClose} size="xl" title={t('defaults.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <div aria-busy className="skeleton" style={{ height: 240 }} />}
      {data && <Form key={data.version} defaults={data} mayWrite={mayWrite} onClose={onClose} />}
    </Modal>
  );
}
