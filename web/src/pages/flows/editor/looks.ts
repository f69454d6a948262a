/** How a kind of step looks: its icon and colour. */
import { IconArrowsSplit, IconBolt, IconBrain, IconClock, IconDatabaseEdit, IconFlag, IconFlagCheck, IconGitBranch, IconHelpHexagon, IconHierarchy, IconMessageQuestion, IconMicrophone, IconPhoneCall, IconPhoneOff, IconPhoneOutgoing, IconPlayerPlay, IconPlayerStop, IconPuzzle, IconSend, IconTag, IconUsers, IconVolume, IconWebhook, type Icon } from '@tabler/icons-react';

interface Looks { icon: Icon; color: string }

const START = '#2b8a3e';
const SEND = '#1c7ed6';
const ASK = '#b35900';
const BRANCH = '#7048e8';
const EXPERIMENT = '#c2255c';
const PEOPLE = '#0b7285';
const VOICE = '#5c940d';
const DATA = '#495057';
const END = '#343a40';

const LOOKS: Record<string, Looks> = {
  start: { icon: IconFlag, color: START },
  send: { icon: IconSend, color: SEND },
  ask: { icon: IconMessageQuestion, color: ASK },
  wait: { icon: IconClock, color: ASK },
  branch: { icon: IconGitBranch, color: BRANCH },
  intent: { icon: IconBrain, color: BRANCH },
  split: { icon: IconArrowsSplit, color: EXPERIMENT },
  set: { icon: IconDatabaseEdit, color: DATA },
  tag: { icon: IconTag, color: DATA },
  emit_event: { icon: IconBolt, color: DATA },
  webhook: { icon: IconWebhook, color: DATA },
  sub_flow: { icon: IconHierarchy, color: BRANCH },
  hand_over: { icon: IconUsers, color: PEOPLE },
  call: { icon: IconPhoneCall, color: VOICE },
  say: { icon: IconVolume, color: VOICE },
  play: { icon: IconPlayerPlay, color: VOICE },
  gather: { icon: IconHelpHexagon, color: VOICE },
  record: { icon: IconMicrophone, color: VOICE },
  dial: { icon: IconPhoneOutgoing, color: VOICE },
  hang_up: { icon: IconPhoneOff, color: VOICE },
  goal: { icon: IconFlagCheck, color: START },
  end: { icon: IconPlayerStop, color: END },
};

export const looksOf = (type: string): Looks => LOOKS[type] ?? { icon: IconPuzzle, color: DATA };
