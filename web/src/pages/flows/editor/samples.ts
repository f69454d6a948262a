/** Kinds of steps and a small flow, for tests. */
import { SPEC_VERSION, type FlowDocument, type NodeType } from './document';

const port = (name: string, rest: Partial<NodeType['ports'][number]> = {}): NodeType['ports'][number] => ({ name, when: [], each: '', key: 'name', ...rest });
const type = (name: string, ports: NodeType['ports'], data_schema: NodeType['data_schema'] = {}): NodeType => ({ type: name, title: name, group: 'Flow', description: `${name}. Ports: next.`, ports, data_schema });

export const TYPES: ReadonlyMap<string, NodeType> = new Map([
  type('start', [port('next')]),
  type('tag', [port('next')]),
  type('ask', [port('answer', { each: 'choices' }), port('other'), port('timeout', { when: ['timeout'] })]),
  type('end', []),
].map((one) => [one.type, one]));

export const SMALL: FlowDocument = {
  spec_version: SPEC_VERSION,
  nodes: [
    { id: 'start', type: 'start', data: {}, position: { x: 0, y: 0 } },
    { id: 'ask', type: 'ask', data: { choices: [{ name: 'yes' }, { name: 'no' }] }, position: { x: 0, y: 160 } },
    { id: 'tag', type: 'tag', data: { tag: 'happy' }, position: { x: -120, y: 320 } },
  ],
  edges: [{ source: 'start', port: 'next', target: 'ask' }, { source: 'ask', port: 'yes', target: 'tag' }],
  comments: [{ id: 'note', text: 'why', node: 'tag', position: { x: 200, y: 320 } }],
};
