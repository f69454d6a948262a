import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import classes from './canvas.module.css';
import type { WayShape } from './shapes';

/** A way from a port to the next step, with what is counted on it. */
export const WayLine = memo(function WayLine({ id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, markerEnd }: EdgeProps<WayShape>) {
  const [path, labelX, labelY] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  return (
    <>
      <BaseEdge id={id} path={path} markerEnd={markerEnd ?? ''} interactionWidth={24} />
      {data?.label !== undefined && data.label !== null && (
        <EdgeLabelRenderer>
          <div className={classes.wayLabel} style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}>{data.label}</div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
