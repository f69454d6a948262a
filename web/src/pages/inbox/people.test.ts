// @vitest-environment jsdom
import { expect, test } from 'vitest';
import type { Agent } from '../../api/types';
import { byPresence } from './people';

const agent = (name: string, presence: Agent['presence'], kind: Agent['kind'] = 'person'): Agent => ({ id: name, name, kind, presence, capacity: 5, skills: {}, weights: {}, open: 0, version: 0 });

test('oneself first, then who is there, by name, the bots last', () => {
  const agents = [agent('Zoe', 'online'), agent('Helper', 'online', 'bot'), agent('Max', 'offline'), agent('Ann', 'busy'), agent('Me', 'away'), agent('Bea', 'online')];
  expect(byPresence(agents, 'Me').map(({ name }) => name)).toEqual(['Me', 'Bea', 'Zoe', 'Ann', 'Max', 'Helper']);
});
