/** The Shard of a world: what it asks for, how it says it is, its pods, and edits by a person. */
import type { Condition, Pod } from '../../../schemas/k8s.ts';
import { KINDS } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, LABELS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import type { Shard, ShardSpec, ShardStatus } from '../../../schemas/types.ts';
import type { ApiServer } from './kube/api-server.ts';
import { NAMESPACE, podName, shardName } from './scenario.ts';
import type { SimRuntime } from './sim-runtime.ts';

const KEY = { kind: KINDS.Shard, namespace: NAMESPACE, name: shardName() };

export class ShardView {
  readonly #server: ApiServer;
  readonly #runtime: SimRuntime;
  readonly #tell: (text: string) => void;
  #last: Shard | undefined;

  constructor(server: ApiServer, runtime: SimRuntime, tell: (text: string) => void) {
    this.#server = server;
    this.#runtime = runtime;
    this.#tell = tell;
  }

  /** As it is, or as it last was. */
  get object(): Shard {
    const found = (this.#server.get(KEY) as Shard | undefined) ?? this.#last;
    if (!found) throw new Error('there never was a Shard');
    this.#last = found;
    return found;
  }

  get spec(): ShardSpec {
    const { spec } = this.object;
    if (!spec) throw new Error('the Shard has no specification');
    return spec;
  }

  get status(): Partial<ShardStatus> {
    return this.object.status ?? {};
  }

  get isDeleted(): boolean {
    const found = this.#server.get(KEY);
    return !found || found.metadata.deletionTimestamp !== undefined;
  }

  /** All of its pods may go at once: it is deleted, or its parent has asked it to drain. */
  get isRemoved(): boolean {
    return (
      this.isDeleted || ANNOTATIONS.pendingDeletion in (this.object.metadata.annotations ?? {})
    );
  }

  condition(type: string): Condition | undefined {
    return this.status.conditions?.find((entry) => entry.type === type);
  }

  /** Changes the specification, as `kubectl apply` would. */
  edit(what: string, change: (spec: ShardSpec) => Partial<ShardSpec>): void {
    this.#tell(`a person changes the specification: ${what}`);
    const spec = { ...this.spec, ...change(this.spec) };
    this.#server.update(KEY, (object) => ({ ...object, spec }));
  }

  get replicasPerCell(): number {
    return this.spec.pools['main']?.replicasPerCell ?? 1;
  }

  scale(replicasPerCell: number): void {
    this.edit(`${replicasPerCell} per cell`, ({ pools }) => ({
      pools: Object.fromEntries(
        Object.entries(pools).map(([name, pool]) => [name, { ...pool, replicasPerCell }]),
      ),
    }));
  }

  /** Another tag for PostgreSQL and the poolers. */
  changeImage(): void {
    const tag = 1 + Number(this.spec.images.postgres.split(':')[1]);
    const changed = { multipooler: `multigres:${tag}`, postgres: `pgctld:${tag}` };
    this.edit(`images ${tag}`, ({ images }) => ({ images: { ...images, ...changed } }));
  }

  /** Writes annotations, as the controllers of its parents do. */
  annotate(annotations: Record<string, string>): void {
    this.#tell(`the Shard is annotated: ${JSON.stringify(annotations)}`);
    this.#server.update(KEY, (object) => {
      const { metadata } = object;
      const all = { ...metadata.annotations, ...annotations };
      return { ...object, metadata: { ...metadata, annotations: all } };
    });
  }

  /** A person deletes the Shard. */
  delete(): void {
    this.#tell('a person deletes the Shard');
    this.#server.delete(KEY);
  }

  wantedPods(): string[] {
    return (this.spec.pools['main']?.cells ?? [])
      .flatMap((cell) =>
        Array.from({ length: this.replicasPerCell }, (_, index) => podName(cell, index)),
      )
      .toSorted();
  }

  pods(): Pod[] {
    return (this.#server.list(KINDS.Pod) as Pod[]).filter(
      ({ metadata }) => metadata.labels?.[LABELS.component] === COMPONENTS.pool,
    );
  }

  /** Pods whose pooler is a member of the rule in force. */
  cohortPods(): string[] {
    const { cohort } = this.#runtime;
    return this.pods()
      .map(({ metadata }) => metadata.name)
      .filter((name) => cohort.includes(names.poolerId(name)))
      .toSorted();
  }

  /** Pods that run other images than the specification asks for. */
  outdatedPods(): string[] {
    const { postgres, multipooler } = this.spec.images;
    const isCurrent = ({ spec }: Pod): boolean =>
      [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].every(
        ({ name, image }) =>
          (name !== 'postgres' || image === postgres) &&
          (name !== 'multipooler' || image === multipooler),
      );
    return this.pods()
      .filter((pod) => !isCurrent(pod))
      .map(({ metadata }) => metadata.name);
  }
}
