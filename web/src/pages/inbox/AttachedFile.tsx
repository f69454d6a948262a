import { ActionIcon, Progress } from '@mantine/core';
import { IconAlertCircle, IconFile, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { problemWords } from '../../ui/problemWords';
import classes from './replies.module.css';
import type { Attachment } from './useAttachment';

/** The file below the words, how far it is, and what is wrong with it. `channel`: the kind that is to carry it. */
export default function AttachedFile({ attachment, channel }: { attachment: Attachment; channel: string }) {
  const { t } = useTranslation('inbox');
  const { file, remove } = attachment;
  if (!file) return null;
  const words = file.problem && problemWords(t, file.problem);
  const refused = file.medium && channel !== 'sms' && !file.medium.channels.includes(channel);
  const trouble = words ? [words.title, words.text].filter(Boolean).join(' ') : refused ? t('attach.refused', { channel: t(`common:channel.${channel}`, channel) }) : null;
  return (
    <div className={classes.attached} role="group" aria-label={t('attach.file')} data-ready={Boolean(file.medium && !trouble) || undefined}>
      {trouble ? <IconAlertCircle size={15} aria-hidden /> : <IconFile size={15} aria-hidden />}
      <span className={classes.attachedName}><bdi>{file.name}</bdi></span>
      {trouble && <span role="alert" className={classes.attachedTrouble}>{trouble}</span>}
      {!trouble && !file.medium && <Progress value={file.share * 100} className={classes.attachedShare} aria-label={t('attach.uploading')} />}
      {!trouble && file.medium && channel === 'sms' && <small>{t('attach.asLink')}</small>}
      <ActionIcon variant="subtle" color="gray" size={24} aria-label={t('attach.remove')} onClick={remove}><IconX size={14} aria-hidden /></ActionIcon>
    </div>
  );
}
