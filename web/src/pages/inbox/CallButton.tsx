import { ActionIcon, Tooltip } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPhoneOutgoing } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callContact, liveCallsQuery, OVER, phoneQuery } from '../../api/calls';
import { can } from '../../api/permissions';
import { channelsQuery } from '../../api/queries';
import type { Conversation } from '../../api/types';
import { putCall } from '../../app/liveCalls';
import { phoneOpen } from '../../app/phoneOpen';
import { useMe } from '../../app/session';
import { toastProblem } from '../../ui/toast';

/** Calls the contact: the agent's own phone rings first. Only where the tenant has a line to call from. */
export function CallButton({ row }: { row: Conversation }) {
  const { t } = useTranslation();
  const me = useMe();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const { data: channels } = useQuery({ ...channelsQuery, enabled: can(me, 'readChannels') });
  const { data: phone } = useQuery(phoneQuery);
  const { data: calls } = useQuery(liveCallsQuery);
  const live = (calls?.items ?? []).some((call) => call.conversation_id === row.id && !OVER.includes(call.phase));
  if (live || !(channels?.items ?? []).some((channel) => channel.kind === 'voice')) return null;
  const run = async (): Promise<void> => {
    if (!phone?.address) {
      phoneOpen.set(true);
      return;
    }
    setBusy(true);
    try {
      putCall(client, await callContact(row.id));
    } catch (error) {
      toastProblem(t, t('call:callFailed'), error);
    }
    setBusy(false);
  };
  return (
    <Tooltip label={t('call:callContact')}>
      <ActionIcon variant="default" size={32} aria-label={t('call:callContact')} loading={busy} onClick={() => void run()}><IconPhoneOutgoing size={17} aria-hidden /></ActionIcon>
    </Tooltip>
  );
}
