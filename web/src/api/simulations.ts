/** Simulations of flows and the runs that are kept as tests. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Simulation = Schemas['Simulation'];
export type Frame = Schemas['SimulationFrame'];
export type Cost = Schemas['SimulationCost'];
export type NewSimulation = Schemas['NewSimulation'];
export type SimulationStep = Schemas['SimulationStep'];
export type Action = SimulationStep['action'];
export type FlowTest = Schemas['FlowTests']['items'][number];
export type FlowTestResult = Schemas['FlowTestResult'];

const at = (simulation_id: string) => ({ path: { simulation_id } });
const of = (flow_id: string) => ({ path: { flow_id } });

/** The client's types know no lists of a fixed length, such as (node, port). */
const whole = (answer: Promise<unknown>): Promise<Simulation> => answer as Promise<Simulation>;

export const beginSimulation = (what: NewSimulation): Promise<Simulation> => whole(body(api.POST('/v1/flow-simulations', { body: what })));
export const stepSimulation = (id: string, step: SimulationStep): Promise<Simulation> => whole(body(api.POST('/v1/flow-simulations/{simulation_id}/step', { params: at(id), body: step })));
export const stepSimulationBack = (id: string): Promise<Simulation> => whole(body(api.POST('/v1/flow-simulations/{simulation_id}/back', { params: at(id) })));

export const flowTestsQuery = (id: string) => queryOptions({ queryKey: keys.flowTests(id), queryFn: () => body(api.GET('/v1/flows/{flow_id}/tests', { params: of(id) })) });
export const keepFlowTest = (id: string, name: string, simulation_id: string, key: string): Promise<FlowTest> =>
  body(api.POST('/v1/flows/{flow_id}/tests', { params: { ...of(id), header: { 'Idempotency-Key': key } }, body: { name, simulation_id } }));
export const dropFlowTest = (id: string, test_id: string): Promise<unknown> => body(api.DELETE('/v1/flows/{flow_id}/tests/{test_id}', { params: { path: { flow_id: id, test_id } } }));
/** What the flow's tests do with this document. */
export const runFlowTests = (id: string, document: Record<string, unknown>) => body(api.POST('/v1/flows/{flow_id}/inspect', { params: of(id), body: { document } }));
