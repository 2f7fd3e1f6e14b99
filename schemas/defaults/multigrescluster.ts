import { BUILTIN } from '../resolve/builtin.ts';
import { isRecord } from '../walk.ts';
import type { DatabaseConfig, MultigresCluster, MultigresClusterSpec } from '../types.ts';
import { STORED } from './stored.ts';

/**
 * What admission writes into a cluster. Little, on purpose: only what would be wrong to change under
 * a living cluster, or what the CRD's rules demand. The rest is resolved at reconcile time (see
 * docs/compatibility.md for the list and the reasons).
 */

interface DefaultContext {
  /** The stored object, on UPDATE. */
  old?: MultigresCluster;
  /** Whether the author of the update wrote this field; absent = not known, so no. */
  wrote?: (path: readonly string[]) => boolean;
}

type Spec = MultigresClusterSpec;
/** Asked with a path below `spec`. */
type Wrote = (...path: string[]) => boolean;

const isEmptyObject = (value: unknown): boolean =>
  isRecord(value) && Object.keys(value).length === 0;

/** Not written, as upstream understands it. Values of a wrong type are written. */
const isBlank = (value: unknown): boolean => value === undefined || value === null || value === '';

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** `block` with `defaults` for the keys that are blank in it. */
const fill = <T extends object>(block: T | undefined, defaults: T): T => {
  if (!isAbsent(block) && !isRecord(block)) return block as T;
  const written: Record<string, unknown> = block ?? {};
  const missing = Object.entries(defaults).filter(([key]) => isBlank(written[key]));
  return { ...written, ...Object.fromEntries(missing) } as T;
};

const omit = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value;
  return rest;
};

/**
 * The CRD wants exactly one of etcd, external and templateRef. A block without any means "inherit",
 * and so does `etcd: {}`: it lies over the template (or the built-in values) and changes nothing.
 * When the user later names a template or an external topology, our empty block makes room; one that
 * the user wrote stays, and the CRD says that the two exclude each other.
 */
const defaultGlobalTopo = (
  topo: NonNullable<Spec['globalTopoServer']>,
  old: Spec['globalTopoServer'],
  wrote: Wrote,
): Spec['globalTopoServer'] => {
  if (!isRecord(topo)) return topo;
  const { etcd, external, templateRef } = topo;
  if (isAbsent(etcd) && isAbsent(external) && isBlank(templateRef)) return { ...topo, etcd: {} };
  if (!(external ?? templateRef) || !isEmptyObject(etcd) || !isEmptyObject(old?.etcd)) return topo;
  return wrote('globalTopoServer', 'etcd') ? topo : omit(topo, 'etcd');
};

/** The same for multiadmin and multiadminWeb: spec or templateRef, not both; `spec: {}` inherits. */
const defaultAdmin = <T extends NonNullable<Spec['multiadmin']>>(
  admin: T,
  old: Spec['multiadmin'],
  wroteSpec: () => boolean,
): T | Omit<T, 'spec'> => {
  if (!isRecord(admin)) return admin;
  if (isAbsent(admin.spec) && isBlank(admin.templateRef)) return { ...admin, spec: {} };
  if (!admin.templateRef || !isEmptyObject(admin.spec) || !isEmptyObject(old?.spec)) return admin;
  return wroteSpec() ? admin : omit(admin, 'spec');
};

/**
 * The one thing inside a list of the user's: an explicit empty `tablegroups` breaks the CRD's rule
 * of exactly one default. Absent, it stays absent.
 */
const defaultDatabase = (database: DatabaseConfig): DatabaseConfig =>
  isRecord(database) && Array.isArray(database.tablegroups) && database.tablegroups.length === 0
    ? { ...database, tablegroups: [{ name: BUILTIN.tablegroup, default: true }] }
    : database;

const defaultDatabases = (databases: Spec['databases'] | null): Spec['databases'] => {
  if (isAbsent(databases)) return structuredClone(STORED.databases);
  return Array.isArray(databases)
    ? databases.map(defaultDatabase)
    : (databases as Spec['databases']);
};

/**
 * A new object with the defaults that are stored. Pure and total: the API server asks before it has
 * checked the schema, so a value of any type may stand anywhere, and what has the wrong one is left for
 * the schema to refuse. Applying it twice changes nothing; what the user wrote stays as written, except
 * an empty placeholder of ours that now stands in the way.
 */
export const defaultCluster = (
  cluster: MultigresCluster,
  context: DefaultContext = {},
): MultigresCluster => {
  if (cluster.spec !== undefined && cluster.spec !== null && !isRecord(cluster.spec))
    return cluster;
  const spec: Partial<Spec> = cluster.spec ?? {};
  const old = isRecord(context.old?.spec) ? context.old.spec : undefined;
  const wrote: Wrote = (...path) => context.wrote?.(['spec', ...path]) ?? false;
  const { globalTopoServer, multiadmin, multiadminWeb, databases } = spec;
  const defaulted = {
    ...spec,
    images: fill(spec.images, STORED.images),
    logLevels: fill(spec.logLevels, STORED.logLevels),
    topologyPruning: spec.topologyPruning ?? { ...STORED.topologyPruning },
    durabilityPolicy: isBlank(spec.durabilityPolicy)
      ? STORED.durabilityPolicy
      : spec.durabilityPolicy,
    pvcDeletionPolicy: spec.pvcDeletionPolicy ?? { ...STORED.pvcDeletionPolicy },
    postgresSuperuser: isBlank(spec.postgresSuperuser)
      ? STORED.postgresSuperuser
      : spec.postgresSuperuser,
    backup: spec.backup ?? structuredClone(STORED.backup),
    databases: defaultDatabases(databases),
    ...(globalTopoServer && {
      globalTopoServer: defaultGlobalTopo(globalTopoServer, old?.globalTopoServer, wrote),
    }),
    ...(multiadmin && {
      multiadmin: defaultAdmin(multiadmin, old?.multiadmin, () => wrote('multiadmin', 'spec')),
    }),
    ...(multiadminWeb && {
      multiadminWeb: defaultAdmin(multiadminWeb, old?.multiadminWeb, () =>
        wrote('multiadminWeb', 'spec'),
      ),
    }),
  };
  // postgresPasswordSecretRef may be missing: then the CRD's schema refuses the object by name.
  return { ...cluster, spec: defaulted as Spec };
};
