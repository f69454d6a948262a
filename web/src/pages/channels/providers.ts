/** The fields of each provider's account. The names are those of the API: one that it does not know is a type error. */
import type { components } from '../../api/schema';
import type { NewAccount, ProviderAccount } from '../../api/types';

type Schemas = components['schemas'];
interface Bodies { twilio: Schemas['NewTwilio']; whatsapp_cloud: Schemas['NewWhatsApp']; google_rcs: Schemas['NewRcs']; sip: Schemas['NewSip']; smpp: Schemas['NewSmpp'] }
export type Provider = keyof Bodies;
type Shared = 'provider' | 'name' | 'limits' | 'base_url' | 'codecs';

export interface Field {
  name: string;
  kind: 'text' | 'secret' | 'pem' | 'number' | 'choice';
  /** May stay empty. */
  optional?: true;
  /** Cannot be changed once the account is there. */
  fixed?: true;
  /** Made up by us when it is left empty: a word that the provider has to be told. */
  made?: true;
  choices?: readonly string[];
  first?: string;
}

type FieldOf<P extends Provider> = Field & { name: Exclude<keyof Bodies[P], Shared> };

const FIELDS: { [P in Provider]: readonly FieldOf<P>[] } = {
  twilio: [
    { name: 'account_sid', kind: 'text', fixed: true },
    { name: 'auth_token', kind: 'secret' },
  ],
  whatsapp_cloud: [
    { name: 'app_id', kind: 'text', fixed: true },
    { name: 'waba_id', kind: 'text' },
    { name: 'access_token', kind: 'secret' },
    { name: 'app_secret', kind: 'secret' },
    { name: 'verify_token', kind: 'secret', made: true },
  ],
  google_rcs: [
    { name: 'partner_id', kind: 'text', fixed: true },
    { name: 'client_email', kind: 'text' },
    { name: 'private_key_id', kind: 'text', optional: true },
    { name: 'private_key', kind: 'pem' },
    { name: 'client_token', kind: 'secret', made: true },
    { name: 'token_url', kind: 'text', first: 'https://oauth2.googleapis.com/token' },
  ],
  sip: [
    { name: 'host', kind: 'text' },
    { name: 'user', kind: 'text', first: 'hub' },
    { name: 'auth_user', kind: 'text', optional: true },
    { name: 'password', kind: 'secret', optional: true },
    { name: 'register_s', kind: 'number', first: '0' },
    { name: 'transport', kind: 'choice', choices: ['udp', 'tcp', 'tls'], first: 'udp' },
    { name: 'number_format', kind: 'choice', choices: ['plus', 'digits'], first: 'plus' },
  ],
  smpp: [
    { name: 'host', kind: 'text' },
    { name: 'system_id', kind: 'text', fixed: true },
    { name: 'password', kind: 'secret' },
    { name: 'system_type', kind: 'text', optional: true },
    { name: 'window', kind: 'number', first: '50' },
    { name: 'joining', kind: 'choice', choices: ['udh8', 'sar', 'payload'], first: 'udh8' },
    { name: 'submit_id', kind: 'choice', choices: ['as_is', 'decimal', 'hex'], first: 'as_is' },
    { name: 'receipt_id', kind: 'choice', choices: ['as_is', 'decimal', 'hex'], first: 'as_is' },
  ],
};

export const PROVIDERS = Object.keys(FIELDS) as Provider[];
export const KINDS: Record<Provider, readonly Schemas['NewChannel']['kind'][]> = { twilio: ['sms', 'voice'], whatsapp_cloud: ['whatsapp'], google_rcs: ['rcs'], sip: ['voice'], smpp: ['sms'] };
export const isProvider = (name: string): name is Provider => name in FIELDS;
export const fieldsOf = (provider: Provider): readonly Field[] => FIELDS[provider];
export const isSecret = (field: Field): boolean => field.kind === 'secret' || field.kind === 'pem';

export type Values = Record<string, string>;

/** What a new account's form begins with. */
export const firstValues = (provider: Provider): Values =>
  Object.fromEntries(fieldsOf(provider).map((field) => [field.name, field.made ? madeUp() : (field.first ?? '')]));

/** What the form of an account that is there begins with: its settings; secrets stay empty. */
export function valuesOf(account: ProviderAccount): Values {
  const details = account.details as Record<string, unknown>;
  const provider = account.provider;
  if (!isProvider(provider)) return {};
  return Object.fromEntries(fieldsOf(provider).map((field) => [field.name, isSecret(field) ? '' : String(details[field.name] ?? '')]));
}

/** Twenty-four letters and digits that nobody guesses. */
export function madeUp(): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => letters[byte % letters.length]).join('');
}

const sent = (field: Field, value: string): string | number => (field.kind === 'number' ? Number(value) : field.kind === 'pem' ? value : value.trim());

/** The body of a new account. An empty optional field is left out. */
export function newBody(provider: Provider, name: string, baseUrl: string, values: Values): NewAccount {
  const given = fieldsOf(provider).filter((field) => (values[field.name] ?? '') !== '');
  const fields = Object.fromEntries(given.map((field) => [field.name, sent(field, values[field.name] ?? '')]));
  return { provider, name: name.trim(), ...(baseUrl.trim() ? { base_url: baseUrl.trim() } : {}), ...fields } as NewAccount;
}

/** What was changed of an account: settings that differ, and the secrets that were typed in. */
export function changes(account: ProviderAccount, values: Values): Record<string, string | number> {
  if (!isProvider(account.provider)) return {};
  const before = valuesOf(account);
  const given = fieldsOf(account.provider).filter((field) => !field.fixed && (values[field.name] ?? '') !== (before[field.name] ?? ''));
  return Object.fromEntries(given.map((field) => [field.name, sent(field, values[field.name] ?? '')]));
}

export const isComplete = (provider: Provider, values: Values): boolean => fieldsOf(provider).every((field) => field.optional || (values[field.name] ?? '').trim() !== '');

/** The fields of a service account's key file, as Google gives it out; null for anything else. */
export function fromKeyFile(text: string): Values | null {
  try {
    const file = JSON.parse(text) as Record<string, unknown>;
    const { client_email, private_key, private_key_id } = file;
    if (typeof client_email !== 'string' || typeof private_key !== 'string') return null;
    return { client_email, private_key, ...(typeof private_key_id === 'string' ? { private_key_id } : {}) };
  } catch {
    return null;
  }
}
