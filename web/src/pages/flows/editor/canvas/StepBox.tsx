import { Handle, Position, type NodeProps } from '@xyflow/react';
import { IconAlertTriangle, IconCircleFilled, IconExclamationCircle, IconMinus, IconPencil, IconPlus } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { looksOf } from '../looks';
import { summaryOf } from '../summary';
import classes from './canvas.module.css';
import type { StepShape } from './shapes';

const MARKS = { added: IconPlus, removed: IconMinus, changed: IconPencil };

/** A step on the canvas: what it is, what it says, and its ways out at the bottom edge. */
export const StepBox = memo(function StepBox({ data }: NodeProps<StepShape>) {
  const { t } = useTranslation('flows');
  const { step, title, ports, trouble, mark } = data;
  const { icon: Glyph, color } = looksOf(step.type);
  const Mark = mark && MARKS[mark];
  return (
    <div className={classes.step} data-step={step.id} data-lit={data.lit || undefined} data-mark={mark} data-trouble={trouble}>
      {step.type !== 'start' && <Handle type="target" position={Position.Top} className={classes.handle} />}
      <div className={classes.stepHead}>
        <span className={classes.stepIcon} style={{ background: color }}><Glyph size={14} aria-hidden /></span>
        <strong>{title}</strong>
        {Mark && <span className={classes.mark} data-mark={mark}><Mark size={12} aria-hidden />{t(`mark.${mark}`)}</span>}
        {data.stop && <IconCircleFilled size={12} className={classes.stop} aria-label={t('breakpoint')} />}
        {trouble === 'error' && <IconExclamationCircle size={16} className={classes.error} aria-label={t('problem.error')} />}
        {trouble === 'warning' && <IconAlertTriangle size={16} className={classes.warning} aria-label={t('problem.warning')} />}
      </div>
      <div className={classes.stepText} dir="auto">{summaryOf(step)}</div>
      {ports.length > 0 && (
        <div className={classes.ports}>
          {ports.map((port) => (
            <span key={port} data-port={port} data-open={data.open === port || undefined} title={port}><bdi>{t(`port.${port}`, port)}</bdi></span>
          ))}
        </div>
      )}
      {ports.map((port, nth) => (
        <Handle key={port} type="source" id={port} position={Position.Bottom} className={classes.handle} style={{ left: `${(100 * (nth + 0.5)) / ports.length}%` }} />
      ))}
      {data.badge !== undefined && data.badge !== null && <div className={classes.badge}>{data.badge}</div>}
    </div>
  );
});
