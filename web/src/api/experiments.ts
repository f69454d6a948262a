/** Experiments of published flows. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Experiment = Schemas['Experiment'];
export type ExperimentArm = Schemas['ExperimentArm'];
export type Decision = Schemas['ExperimentDecision'];
export type DecisionKind = Decision['kind'];

const AGAIN_MS = 15_000;

/** All experiments of the flow as it is published; asked again while the page is looked at. */
export const experimentsQuery = (flow_id: string) =>
  queryOptions({
    queryKey: keys.flowExperiments(flow_id),
    queryFn: ({ signal }) => body(api.GET('/v1/flows/{flow_id}/experiments', { params: { path: { flow_id } }, signal })),
    refetchInterval: AGAIN_MS,
  });

export const decideExperiment = (flow_id: string, node: string, kind: DecisionKind, arm: string, reason: string): Promise<Experiment> =>
  body(api.POST('/v1/flows/{flow_id}/experiments/{node}/decision', { params: { path: { flow_id, node } }, body: { kind, arm, reason } }));
