import { IconAlertTriangle, IconArrowBackUp, IconCheck, IconClock, IconEdit, IconPlayerStop, IconProgress } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Status, type Tone } from '../../ui/Status';

const LOOKS: Record<string, { tone: Tone; Glyph: typeof IconCheck }> = {
  uploaded: { tone: 'neutral', Glyph: IconEdit },
  checking: { tone: 'progress', Glyph: IconProgress },
  checked: { tone: 'info', Glyph: IconClock },
  running: { tone: 'progress', Glyph: IconProgress },
  completed: { tone: 'success', Glyph: IconCheck },
  canceled: { tone: 'warning', Glyph: IconPlayerStop },
  failed: { tone: 'danger', Glyph: IconAlertTriangle },
  undoing: { tone: 'progress', Glyph: IconProgress },
  undone: { tone: 'neutral', Glyph: IconArrowBackUp },
};

/** The state of an import as icon, word and tone. */
export function ImportState({ state }: { state: string }) {
  const { t } = useTranslation('imports');
  const { tone, Glyph } = LOOKS[state] ?? { tone: 'neutral' as const, Glyph: IconClock };
  return <Status tone={tone} icon={<Glyph size={13} aria-hidden />}>{t(`state.${state}`, state)}</Status>;
}
