import type { Step } from '../editor/document';
import { Awaits } from './Awaits';
import { SubFlowPeek } from './SubFlowPeek';

/** What is known of a step beside its fields: the flow that it goes through, or what the published start waits for. */
export function Beside({ step: { id, type, data } }: { step: Step }) {
  if (type === 'start') return <Awaits node={id} />;
  return typeof data.flow_id === 'string' && data.flow_id !== '' ? <SubFlowPeek key={data.flow_id} flowId={data.flow_id} /> : null;
}
