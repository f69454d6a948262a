/** RapidPro and TextIt export many flows in `flows`, or one that says its spec, 13 or 14, as a text; ours is one document. */
export const formatOf = (raw: Record<string, unknown>): 'parley' | 'textit' =>
  Array.isArray(raw.flows) || (typeof raw.spec_version === 'string' && /^1[34]\./.test(raw.spec_version)) ? 'textit' : 'parley';
