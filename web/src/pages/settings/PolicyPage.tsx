import { Button, NumberInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconSitemap } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import { can } from '../../api/permissions';
import { FLOOD_PER_MINUTE, policyQuery, putPolicy, type Policy } from '../../api/policy';
import { Denied } from '../../app/Fallbacks';
import { useMe } from '../../app/session';
import { LeaveGuard } from '../../ui/LeaveGuard';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { Status } from '../../ui/Status';
import { toast } from '../../ui/toast';
import { isBeside, problemOf, told } from '../channels/AccountForm';
import classes from '../channels/channels.module.css';
import { SettingsNav } from './SettingsNav';
import own from './settings.module.css';

type Part = 'flood' | 'caps';
type Count = number | null;
const FIELDS = ['flood/per_minute', 'caps/per_day', 'caps/per_week'];

const counted = (value: number | string): Count => (typeof value === 'number' ? value : null);

function Editor({ held, mayWrite }: { held: Policy; mayWrite: boolean }) {
  const { t } = useTranslation('settings');
  const client = useQueryClient();
  const mine = held.own;
  const [flood, setFlood] = useState<Count>(mine.flood?.per_minute ?? null);
  const [day, setDay] = useState<Count>(mine.caps?.per_day ?? null);
  const [week, setWeek] = useState<Count>(mine.caps?.per_week ?? null);
  const dirty = flood !== (mine.flood?.per_minute ?? null) || day !== (mine.caps?.per_day ?? null) || week !== (mine.caps?.per_week ?? null);
  const save = useMutation({
    mutationFn: () => {
      // Caps without a limit are a word of their own: they end what is inherited. Whoever had said so still does.
      const limits = day !== null || week !== null || (mine.caps !== null && mine.caps.per_day === null && mine.caps.per_week === null);
      return putPolicy(held, { flood: flood === null ? null : { per_minute: flood }, caps: limits ? { per_day: day, per_week: week } : null });
    },
    onSuccess: (saved) => {
      client.setQueryData(keys.policy, saved);
      toast(t('policy.saved'));
    },
  });
  const problem = problemOf(save.error);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  const inherits = (part: Part) => held.inherits.includes(part) && <div><Status tone="neutral" icon={<IconSitemap size={13} aria-hidden />}>{t('policy.inherited')}</Status></div>;
  const counts = held.effective;
  const unlimited = t('policy.unlimited');
  return (
    <form className={own.policy} onSubmit={submit} autoComplete="off">
      <LeaveGuard dirty={dirty} saving={save.isPending} text={t('policy.unsaved')} />
      <fieldset disabled={!mayWrite} className={own.policyParts}>
        <section className={`surface ${classes.card}`} aria-label={t('policy.flood')}>
          <h2 className={classes.cardName}>{t('policy.flood')}</h2>
          <p className={classes.hint}>{t('policy.floodText')}</p>
          {inherits('flood')}
          <NumberInput label={t('policy.perMinute')} placeholder={String(counts.flood?.per_minute ?? FLOOD_PER_MINUTE)} min={1} max={10_000} allowDecimal={false} clampBehavior="strict" maw={320} value={flood ?? ''} onChange={(value) => setFlood(counted(value))} description={flood === null ? t(held.inherits.includes('flood') ? 'policy.fromAbove' : 'policy.usual', { count: counts.flood?.per_minute ?? FLOOD_PER_MINUTE }) : undefined} error={told(problem, 'flood/per_minute')} />
        </section>
        <section className={`surface ${classes.card}`} aria-label={t('policy.caps')}>
          <h2 className={classes.cardName}>{t('policy.caps')}</h2>
          <p className={classes.hint}>{t('policy.capsText')}</p>
          {inherits('caps')}
          <div className={own.policyPair}>
            <NumberInput label={t('policy.perDay')} placeholder={String(counts.caps?.per_day ?? unlimited)} min={1} max={1_000} allowDecimal={false} clampBehavior="strict" value={day ?? ''} onChange={(value) => setDay(counted(value))} error={told(problem, 'caps/per_day')} />
            <NumberInput label={t('policy.perWeek')} placeholder={String(counts.caps?.per_week ?? unlimited)} min={1} max={1_000} allowDecimal={false} clampBehavior="strict" value={week ?? ''} onChange={(value) => setWeek(counted(value))} error={told(problem, 'caps/per_week')} />
          </div>
        </section>
      </fieldset>
      {problem && !isBeside(problem, FIELDS) && <ProblemAlert error={problem} />}
      {mayWrite ? <div className={own.actions}><Button type="submit" loading={save.isPending} disabled={!dirty}>{t('policy.save')}</Button></div> : <p className={classes.hint}>{t('policy.readOnly')}</p>}
    </form>
  );
}

/** How much is too much: from a contact, and to one. */
export function PolicyPage() {
  const { t } = useTranslation('settings');
  const me = useMe();
  const query = useQuery({ ...policyQuery, enabled: can(me, 'readChannels') });
  if (!can(me, 'readChannels')) return <Denied />;
  return (
    <>
      <SettingsNav />
      <div className={classes.page}>
        <div className={classes.head}><div><h1>{t('policy.title')}</h1><p className={classes.lead}>{t('policy.lead')}</p></div></div>
        {query.isPending && <div aria-busy className={`surface ${classes.card}`}><div className="skeleton" style={{ height: 36 }} /><div className="skeleton" style={{ height: 36 }} /></div>}
        {query.isError && !query.data && <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && <Editor key={query.data.version} held={query.data} mayWrite={can(me, 'writePolicy')} />}
      </div>
    </>
  );
}
