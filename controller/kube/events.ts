import type { KubeObject } from '../../schemas/k8s.ts';

export interface EventRecorder {
  /**
   * Notes something worth telling about an object, for `kubectl describe`. Returns at once; the
   * write follows in the background and its failure is never seen by the caller.
   * @param reason one CamelCase word from a fixed list
   */
  event(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
