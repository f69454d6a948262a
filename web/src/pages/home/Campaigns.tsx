import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlayerPause, IconPlayerPlay, IconSpeakerphone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { can } from '../../api/permissions';
import { campaignsQuery } from '../../api/queries';
import type { Campaign, Home } from '../../api/types';
import { pauseCampaign, resumeCampaign } from '../../api/writes';
import { putCampaign } from '../../app/liveCampaigns';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { formatMoney } from '../../ui/Money';
import { Status } from '../../ui/Status';
import { toastProblem } from '../../ui/toast';
import classes from './home.module.css';
import { count } from './Tiles';

const PERCENT = 100;

type Glance = Home['campaigns'][number];

const isActive = (status: string): boolean => status === 'running' || status === 'paused';

function PauseButton({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation('home');
  const client = useQueryClient();
  const running = campaign.status === 'running';
  const change = useMutation({
    mutationFn: () => (running ? pauseCampaign : resumeCampaign)(campaign.id),
    onSuccess: (row) => putCampaign(client, row),
    onError: (error) => toastProblem(t, t('campaign.failed', { name: campaign.name }), error),
  });
  return (
    <Button
      size="xs"
      variant="default"
      loading={change.isPending}
      leftSection={running ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />}
      onClick={() => change.mutate()}
    >
      {t(running ? 'campaign.pause' : 'campaign.resume')}
      <span className="visually-hidden"> {campaign.name}</span>
    </Button>
  );
}

function Outcome({ campaign }: { campaign: Campaign }) {
  const { t } = useTranslation('home');
  const { counts } = campaign;
  return (
    <>
      <span>{t('campaign.delivered', { value: count(counts.delivered + counts.read) })}</span>
      <span>{t('campaign.answered', { value: count(campaign.answered) })}</span>
      <span>{t('campaign.lost', { value: count(counts.failed + counts.undelivered + counts.expired) })}</span>
      <span>{t('campaign.refused', { value: count(counts.refused) })}</span>
      <span>{formatMoney(campaign.spent, campaign.currency)}</span>
    </>
  );
}

function CampaignRow({ campaign, full }: { campaign: Glance; full?: Campaign }) {
  const { t } = useTranslation('home');
  const me = useMe();
  const done = campaign.recipients - campaign.pending;
  const percent = campaign.recipients === 0 ? 0 : Math.floor((done / campaign.recipients) * PERCENT);
  const paused = campaign.status === 'paused';
  return (
    <li className={classes.campaign}>
      <div className={classes.campaignHead}>
        <span className={classes.campaignName}>{campaign.name}</span>
        <Status tone={paused ? 'warning' : 'progress'}>{t(`campaign.status.${campaign.status}`, campaign.status)}</Status>
        <span className={classes.spacer} />
        {full && can(me, 'steerCampaigns') && <PauseButton campaign={full} />}
      </div>
      <div className={classes.bar} role="progressbar" aria-label={campaign.name} aria-valuemin={0} aria-valuemax={PERCENT} aria-valuenow={percent}>
        <div className={classes.barFill} style={{ width: `${percent}%` }} data-paused={paused || undefined} />
      </div>
      <div className={classes.campaignFacts}>
        <strong>{t('campaign.progress', { done: count(done), all: count(campaign.recipients), percent })}</strong>
        {full && <Outcome campaign={full} />}
      </div>
      {paused && campaign.reason && <div className={classes.campaignReason}>{t(`campaign.reason.${campaign.reason}`, campaign.reason)}</div>}
    </li>
  );
}

/** Campaigns that run or wait, here and below. What only the list knows (answers, spending) comes with it. */
export function Campaigns({ glances }: { glances: Home['campaigns'] }) {
  const { t } = useTranslation('home');
  const { data: page } = useQuery(campaignsQuery);
  const full = new Map(page?.items.map((row) => [row.id, row]));
  const fresh = (page?.items ?? []).filter((row) => isActive(row.status));
  const below = glances.filter((row) => !full.has(row.id));
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="home-campaigns">
      <h2 id="home-campaigns" className={classes.panelTitle}>{t('campaign.title')}</h2>
      {fresh.length + below.length === 0 ? (
        <EmptyState icon={IconSpeakerphone} title={t('campaign.none')} text={t('campaign.noneText')} />
      ) : (
        <ul className={classes.campaigns}>
          {fresh.map((row) => <CampaignRow key={row.id} campaign={row} full={row} />)}
          {below.map((row) => <CampaignRow key={row.id} campaign={row} />)}
        </ul>
      )}
    </section>
  );
}
