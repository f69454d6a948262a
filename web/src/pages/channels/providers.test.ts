import { expect, test } from 'vitest';
import type { ProviderAccount } from '../../api/types';
import { changes, fieldsOf, firstValues, fromKeyFile, isComplete, isSecret, newBody, PROVIDERS, valuesOf } from './providers';

const account = {
  provider: 'sip',
  details: { provider: 'sip', host: 'sip.example.com', user: 'hub', auth_user: '', register_s: 0, transport: 'udp', number_format: 'plus' },
} as unknown as ProviderAccount;

test('every provider has a secret and its form begins with what we make up', () => {
  for (const provider of PROVIDERS) expect(fieldsOf(provider).some(isSecret)).toBe(true);
  expect(firstValues('whatsapp_cloud').verify_token).toMatch(/^[a-z0-9]{24}$/);
  expect(firstValues('whatsapp_cloud').access_token).toBe('');
});

test('a new account has numbers as numbers and leaves out what is empty', () => {
  const body = newBody('sip', ' Trunk ', '', { host: ' sip.example.com ', register_s: '300', password: '' });
  expect(body).toEqual({ provider: 'sip', name: 'Trunk', host: 'sip.example.com', register_s: 300 });
});

test('a form is complete without what is optional', () => {
  expect(isComplete('sip', { host: 'a', user: 'b', register_s: '0', transport: 'udp', number_format: 'plus' })).toBe(true);
  expect(isComplete('twilio', { account_sid: 'AC', auth_token: ' ' })).toBe(false);
});

test('a change sends only what differs, and secrets that were typed in', () => {
  const values = valuesOf(account);
  expect(values.password).toBe('');
  expect(changes(account, values)).toEqual({});
  expect(changes(account, { ...values, register_s: '60', password: 'new' })).toEqual({ register_s: 60, password: 'new' });
});

test('a key file fills the form; another file does not', () => {
  expect(fromKeyFile('{"client_email": "a@b", "private_key": "PEM", "private_key_id": "7", "type": "service_account"}')).toEqual({ client_email: 'a@b', private_key: 'PEM', private_key_id: '7' });
  expect(fromKeyFile('{"client_email": 1}')).toBeNull();
  expect(fromKeyFile('-----BEGIN')).toBeNull();
});
