import { IconBrandWhatsapp, IconMessage, IconMessage2Bolt, IconPhone } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

const ICONS = { sms: IconMessage, whatsapp: IconBrandWhatsapp, rcs: IconMessage2Bolt, voice: IconPhone };

/** The kind of a channel as an icon with its name for screen readers. */
export function ChannelIcon({ kind, size = 14 }: { kind: string; size?: number }) {
  const { t } = useTranslation();
  const Glyph = ICONS[kind as keyof typeof ICONS] ?? IconMessage;
  return <Glyph size={size} stroke={1.75} role="img" aria-label={t(`channel.${kind}`, kind)} />;
}
