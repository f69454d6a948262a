import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconEar, IconPhone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { liveCallsQuery, OVER, TALKING, WAITING } from '../../api/calls';
import { can } from '../../api/permissions';
import type { DeskCall } from '../../api/types';
import classes from '../../app/call.module.css';
import { clock, useSeconds } from '../../app/callClock';
import { useMe } from '../../app/session';
import { useCall } from '../../app/useCall';

function Strip({ call }: { call: DeskCall }) {
  const { t } = useTranslation();
  const me = useMe();
  const { act, busy } = useCall(call);
  const since = useSeconds(call.answered_at ?? call.waited_from);
  const waits = WAITING.includes(call.phase);
  const rings = call.offered_to ?? call.owner;
  const words = waits ? t(rings && call.phase !== 'callback' ? 'call:ringsFor' : `call:phase.${call.phase}`, { name: rings?.name ?? '' }) : t('call:with', { agent: call.agent?.name ?? '' });
  const hears = call.listeners.some((one) => one.id === me.user?.id);
  const mayHear = can(me, 'manageInbox') && me.user !== null && call.agent?.id !== me.user?.id && call.consulted?.id !== me.user?.id && TALKING.includes(call.phase) && !hears;
  return (
    <div className={classes.strip} data-testid="thread-call">
      <span><IconPhone size={16} aria-hidden /> {words} <span className={classes.more}>{clock(since)}</span></span>
      {mayHear && <Button size="xs" variant="default" leftSection={<IconEar size={15} aria-hidden />} loading={busy === 'listen'} onClick={() => void act('listen')}>{t('call:listen')}</Button>}
      {waits && can(me, 'writeInbox') && call.agent === null && <Button size="xs" loading={busy === 'answer'} onClick={() => void act('answer')}>{t(call.phase === 'callback' ? 'call:callBack' : 'call:answer')}</Button>}
    </div>
  );
}

/** The call that is under way with this contact, for everybody who looks at the conversation. */
export function ThreadCall({ conversationId }: { conversationId: string }) {
  const { data } = useQuery(liveCallsQuery);
  const call = (data?.items ?? []).find((one) => one.conversation_id === conversationId && !OVER.includes(one.phase));
  return call ? <Strip key={call.id} call={call} /> : null;
}
