/** What the list of flows shows, in its address. */
export interface FlowsSearch { q?: string; archived?: boolean }

export const flowsSearch = (search: Record<string, unknown>): FlowsSearch => ({
  ...(typeof search.q === 'string' && search.q !== '' && { q: search.q }),
  ...(search.archived === true && { archived: true }),
});
