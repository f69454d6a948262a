import { Popover } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ChoiceList } from '../../../../ui/ChoicePopover';
import type { Port } from '../edits';
import { looksOf } from '../looks';
import { useNodeTypes } from '../nodeTypes';
import classes from './canvas.module.css';

/** Where the steps are offered, on the screen, and what happens with the one that is taken. */
export interface Picking { x: number; y: number; from?: Port; pick: (type: string) => void }

/** The steps that can be added here, to search and take. */
export function StepPicker({ picking, onClose }: { picking: Picking; onClose: () => void }) {
  const { t } = useTranslation('flows');
  const types = useNodeTypes();
  const [before] = useState(() => document.activeElement);
  const close = (): void => {
    onClose();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  };
  const choices = [...types.values()].filter((type) => !picking.from || type.type !== 'start').map((type) => {
    const { icon: Glyph, color } = looksOf(type.type);
    return { value: type.type, label: type.title, hint: type.group, icon: <span className={classes.stepIcon} style={{ background: color }}><Glyph size={14} aria-hidden /></span> };
  });
  return (
    <Popover opened onChange={(open) => !open && close()} position="bottom" width={260} trapFocus withinPortal>
      <Popover.Target><span className={classes.spot} style={{ left: picking.x, top: picking.y }} /></Popover.Target>
      <Popover.Dropdown p={6} aria-label={t('picker.label')}>
        <ChoiceList label={picking.from && picking.from.port !== 'next' ? t('picker.after', { port: t(`port.${picking.from.port}`, picking.from.port) }) : t('picker.label')} choices={choices} chosen={undefined} none={t('picker.none')} searchable atOnce onPick={(type) => {
          onClose();
          picking.pick(type);
        }} />
      </Popover.Dropdown>
    </Popover>
  );
}
