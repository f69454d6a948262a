/** Ready journeys to begin with: whole flows, to be changed as one likes. */
import { IconCalendarCheck, IconHeartHandshake, IconMessageStar, IconUserHeart } from '@tabler/icons-react';
import { documentOf, type FlowDocument } from '../editor/document';
import appointment from './appointment.json';
import survey from './survey.json';
import welcome from './welcome.json';
import winBack from './win_back.json';

export interface Journey { name: 'welcome' | 'survey' | 'winBack' | 'appointment'; icon: typeof IconUserHeart; raw: Record<string, unknown> }

export const JOURNEYS: readonly Journey[] = [
  { name: 'welcome', icon: IconUserHeart, raw: welcome },
  { name: 'survey', icon: IconMessageStar, raw: survey },
  { name: 'winBack', icon: IconHeartHandshake, raw: winBack },
  { name: 'appointment', icon: IconCalendarCheck, raw: appointment },
];

/** The journey as a document of its own. */
export const drawnOf = (journey: Journey): FlowDocument | null => documentOf(structuredClone(journey.raw));
