/** Calls at the desk, and the phone that an agent's calls come to. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from './client';
import { keys } from './keys';
import type { DeskCall, Page } from './types';

const at = (call_id: string) => ({ path: { call_id } });

/** Nobody has taken it yet: it rings for whoever is asked, or has the conversation. */
export const WAITING: readonly string[] = ['queued', 'offered', 'callback'];
export const OVER: readonly string[] = ['ended', 'voicemail'];
export const TALKING: readonly string[] = ['connected', 'held', 'consulting'];

export const liveCallsQuery = queryOptions({ queryKey: keys.liveCalls, queryFn: (): Promise<Page<DeskCall>> => body(api.GET('/v1/calls/live')) });
export const deskCallQuery = (id: string) => queryOptions({ queryKey: keys.deskCall(id), queryFn: () => body(api.GET('/v1/calls/{call_id}/desk', { params: at(id) })) });
export const saidQuery = (id: string) => queryOptions({ queryKey: keys.said(id), queryFn: () => body(api.GET('/v1/calls/{call_id}/transcript', { params: at(id) })) });
export const recordingOf = (id: string): string => `/v1/calls/${encodeURIComponent(id)}/recording`;
export const phoneQuery = queryOptions({ queryKey: keys.phone, queryFn: () => body(api.GET('/v1/me/phone')) });

export type CallTransfer = { agent_id: string; consult: boolean; note: string } | { queue_id: string; note: string } | { number: string; note: string };

export const putPhone = (address: string): Promise<{ address: string }> => body(api.PUT('/v1/me/phone', { body: { address } }));
export const answerCall = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/answer', { params: at(id) }));
export const declineCall = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/decline', { params: at(id) }));
export const holdCall = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/hold', { params: at(id) }));
export const resumeCall = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/resume', { params: at(id) }));
export const muteCall = (id: string, muted: boolean): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/mute', { params: at(id), body: { muted } }));
export const pressKeys = (id: string, pressed: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/keys', { params: at(id), body: { keys: pressed } }));
export const transferCall = (id: string, transfer: CallTransfer): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/transfer', { params: at(id), body: transfer }));
export const completeTransfer = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/complete-transfer', { params: at(id) }));
export const cancelTransfer = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/cancel-transfer', { params: at(id) }));
export const endCall = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/end', { params: at(id) }));
export const listenToCall = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/listen', { params: at(id) }));
export const stopListening = (id: string): Promise<DeskCall> => body(api.POST('/v1/calls/{call_id}/stop-listening', { params: at(id) }));
export const callContact = (conversation_id: string): Promise<DeskCall> => body(api.POST('/v1/conversations/{conversation_id}/call', { params: { path: { conversation_id } }, body: {} }));
