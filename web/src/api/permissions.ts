/** What the screens ask about the signed-in person. The API refuses on its own; this only hides what would be refused. */
import type { Me } from './types';

const NEEDS = {
  readInbox: 'inbox:read',
  writeInbox: 'inbox:write',
  readCampaigns: 'campaigns:read',
  writeCampaigns: 'campaigns:write',
  steerCampaigns: 'campaigns:start',
  readWallet: 'wallet:read',
  readUsers: 'users:read',
  readContacts: 'contacts:read',
  writeContacts: 'contacts:write',
  importContacts: 'contacts:import',
  exportContacts: 'contacts:export',
  eraseContacts: 'contacts:erase',
  readQueues: 'queues:read',
  writeRouting: 'routing:write',
  writeQueues: 'queues:write',
  readChannels: 'channels:read',
  manageChannels: 'channels:manage',
  manageWebhooks: 'webhooks:manage',
  manageInbox: 'inbox:manage',
  readReports: 'reports:read',
  writePolicy: 'policy:write',
} as const;

export type Ability = keyof typeof NEEDS;

export const can = (me: Me | undefined, ability: Ability): boolean => me?.permissions.includes(NEEDS[ability]) ?? false;

/** Agents work in the inbox: it is where they land. */
export const landsInInbox = (me: Me): boolean => {
  const roles = me.user?.roles ?? [];
  return can(me, 'readInbox') && roles.length > 0 && roles.every((role) => /agent/.test(role));
};
