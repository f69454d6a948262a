/** A label of the classifier as people read it: `card_arrival` → `card arrival`. */
export const intentName = (label: string): string => label.replaceAll(/[_-]+/g, ' ').trim();
