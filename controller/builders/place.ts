import { LABELS, NODE_LABELS } from '../../schemas/labels.ts';
import { compact } from '../../schemas/compact.ts';

/** Labels of a child that say where its cell is. */
export const zoneLabels = (cell: { zoneId?: string; region?: string }): Record<string, string> => {
  if (cell.zoneId) return { [LABELS.zoneId]: cell.zoneId };
  if (cell.region) return { [LABELS.region]: cell.region };
  return {};
};

/** The node labels that `zoneLabels` on an object stand for; empty: no place. */
export const placeLabels = (labels: Record<string, string> = {}): Record<string, string> =>
  compact({
    [NODE_LABELS.zoneId]: labels[LABELS.zoneId],
    [NODE_LABELS.region]: labels[LABELS.region],
  }) as Record<string, string>;
