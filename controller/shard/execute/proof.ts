/** Evidence about a node, read from the API server itself: a cache may not have a new node yet. */
import type { KubeObject } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import type { DeathProof } from '../state/node.ts';
import { nodeProof } from '../state/node.ts';
import type { Execution } from './context.ts';

export const readProof = async (
  { deps }: Execution,
  node: string | undefined,
): Promise<DeathProof | undefined> => {
  if (node === undefined) return undefined;
  const found: KubeObject | undefined = await deps.kube.get({ kind: KINDS.Node, name: node });
  return nodeProof(node, new Map(found ? [[node, found]] : []));
};
