/** Calls at the desk in the cache: those that are not over, and the ones that ended while this page looked. */
import type { QueryClient } from '@tanstack/react-query';
import { keys } from '../api/keys';
import type { Conversation, DeskCall, Page, Said } from '../api/types';

/** The later version of a call wins; one that is over stays until the page forgets it. */
export function putCall(client: QueryClient, call: DeskCall): void {
  client.setQueryData<DeskCall>(keys.deskCall(call.id), (old) => (old && old.version <= call.version ? call : old));
  client.setQueryData<Page<DeskCall>>(keys.liveCalls, (page) => {
    if (!page) return page;
    const old = page.items.find((item) => item.id === call.id);
    if (old && old.version > call.version) return page;
    return { ...page, items: old ? page.items.map((item) => (item.id === call.id ? call : item)) : [...page.items, call] };
  });
}

/** Something was said in a call that somebody reads along. */
export function putSaid(client: QueryClient, callId: string, said: Said): void {
  client.setQueryData<Page<Said>>(keys.said(callId), (page) => {
    if (!page || page.items.some((one) => one.id === said.id)) return page;
    return { ...page, items: [...page.items, said].toSorted((one, other) => one.at.localeCompare(other.at)) };
  });
}

/** A conversation changed hands: its waiting call rings for somebody else. */
export function ownCalls(client: QueryClient, row: Conversation): void {
  client.setQueryData<Page<DeskCall>>(keys.liveCalls, (page) => {
    if (!page?.items.some((call) => call.conversation_id === row.id)) return page;
    return { ...page, items: page.items.map((call) => (call.conversation_id === row.id ? { ...call, owner: row.assignee, offered_to: row.offer?.agent ?? null } : call)) };
  });
}

export type Standing = { mine: DeskCall | undefined; ringing: DeskCall[]; heard: DeskCall | undefined };

const WAITS: readonly string[] = ['queued', 'offered', 'callback'];
const OVER: readonly string[] = ['ended', 'voicemail'];

/** What a person has on the phone, what rings for them, and what they listen to. */
export function standing(calls: readonly DeskCall[], userId: string, forgotten: ReadonlySet<string> = new Set()): Standing {
  const live = calls.filter((call) => !OVER.includes(call.phase));
  const own = (call: DeskCall): boolean => call.agent?.id === userId;
  return {
    mine: live.find(own) ?? live.find((call) => call.consulted?.id === userId) ?? calls.findLast((call) => own(call) && call.phase === 'ended' && !forgotten.has(call.id)),
    ringing: live.filter((call) => WAITS.includes(call.phase) && (call.offered_to?.id === userId || call.owner?.id === userId)),
    heard: live.find((call) => call.listeners.some((listener) => listener.id === userId)),
  };
}
