import { compact } from '../compact.ts';
import { DEFAULT_POLICY } from '../durability.ts';
import { ANNOTATIONS } from '../labels.ts';
import type { Problem } from '../problem.ts';
import type * as api from '../types.ts';
import { BUILTIN, CLUSTER_PVC_POLICY } from './builtin.ts';
import { resolveDatabases } from './databases.ts';
import type { Findings } from './databases.ts';
import { mergeGateway, mergePlacement, mergeStateless } from './merge.ts';
import { pvcPolicyAsStored } from './pvc-policy.ts';
import { chooseTemplate } from './templates.ts';
import type { TemplateChoice } from './templates.ts';
import { topoRefOf } from './topo-ref.ts';
import { resolveGlobalTopo, resolveLocalTopo } from './topo.ts';
import type {
  ResolvedCell,
  ResolvedCluster,
  ResolvedStateless,
  ResolveResult,
  RunningShards,
  Templates,
} from './types.ts';

interface ResolveOptions {
  /** What runs already, see RunningShards. Without it a new cluster is assumed. */
  running?: RunningShards;
}

type Core = TemplateChoice<api.CoreTemplate>;

const chooseCore = (
  spec: api.MultigresClusterSpec,
  templates: Templates,
  section: 'globalTopoServer' | 'multiadmin' | 'multiadminWeb',
): Core =>
  chooseTemplate('CoreTemplate', templates.core, [
    { path: `spec.${section}.templateRef`, name: spec[section]?.templateRef },
    { path: 'spec.templateDefaults.coreTemplate', name: spec.templateDefaults?.coreTemplate },
  ]);

const complete = (
  builtin: Required<Pick<api.Stateless, 'replicas' | 'resources'>>,
  template: api.Stateless | undefined,
  inline: api.Stateless | undefined,
): ResolvedStateless => {
  const merged = mergeStateless(template, inline);
  return {
    ...merged,
    replicas: merged.replicas ?? builtin.replicas,
    resources: merged.resources ?? builtin.resources,
  };
};

const resolveCell = (
  config: api.CellConfig,
  template: TemplateChoice<Templates['cell'][string]>['template'],
  clusterPolicy: Required<api.PvcPolicy>,
): ResolvedCell => {
  const lower = template?.spec;
  const { overrides, spec } = config;
  const merged = mergeGateway(
    mergeGateway(mergeGateway(BUILTIN.gateway, lower?.multigateway), overrides?.multigateway),
    spec?.multigateway,
  );
  const { replicas, resources } = BUILTIN.gateway;
  return compact({
    name: config.name,
    zoneId: config.zoneId || undefined,
    region: config.region || undefined,
    gateway: { replicas, resources, ...merged },
    gatewayPlacement: mergePlacement(
      mergePlacement(lower?.multigatewayPlacement, overrides?.multigatewayPlacement),
      spec?.multigatewayPlacement,
    ),
    localTopo: resolveLocalTopo(
      spec?.localTopoServer,
      lower?.localTopoServer,
      config.name,
      clusterPolicy,
    ),
  });
};

const resolveObservability = (
  observability: api.Observability | undefined,
): api.Observability | undefined => {
  const ref = observability?.samplingConfigRef;
  if (!ref) return observability;
  const samplingConfigRef = { name: ref.name, key: ref.key ?? BUILTIN.samplingConfigKey };
  return { ...observability, samplingConfigRef };
};

const sorted = (...used: (string | undefined)[]): string[] =>
  [...new Set(used)].filter((name) => name !== undefined).toSorted();

/** The plain settings of a cluster: everything without templates and inheritance. */
const resolveSettings = (spec: api.MultigresClusterSpec) =>
  compact({
    durabilityPolicy: spec.durabilityPolicy || DEFAULT_POLICY,
    pvcDeletionPolicy: { ...CLUSTER_PVC_POLICY, ...pvcPolicyAsStored(spec.pvcDeletionPolicy) },
    logLevels: { ...BUILTIN.logLevels, ...compact(spec.logLevels ?? {}) },
    topologyPruning: spec.topologyPruning?.enabled ?? true,
    postgresSuperuser: spec.postgresSuperuser || BUILTIN.superuser,
    postgresPasswordSecretRef: spec.postgresPasswordSecretRef,
    internalTLS: { enabled: spec.internalTLS?.enabled ?? false },
    certCommonName: spec.certCommonName || undefined,
    observability: resolveObservability(spec.observability),
    imagePullPolicy: spec.images?.imagePullPolicy ?? BUILTIN.imagePullPolicy,
    imagePullSecrets: spec.images?.imagePullSecrets,
    externalGateway: spec.externalGateway,
    externalAdminWeb: spec.externalAdminWeb,
  });

/** What CoreTemplates govern. */
const resolveCore = (
  spec: api.MultigresClusterSpec,
  templates: Templates,
  pvcDeletionPolicy: Required<api.PvcPolicy>,
) => {
  const topo = chooseCore(spec, templates, 'globalTopoServer');
  const admin = chooseCore(spec, templates, 'multiadmin');
  const web = chooseCore(spec, templates, 'multiadminWeb');
  const ofAdmin = admin.template?.spec;
  const ofWeb = web.template?.spec;
  return {
    problems: [topo.problem, admin.problem, web.problem],
    used: sorted(topo.name, admin.name, web.name),
    globalTopo: resolveGlobalTopo(
      spec.globalTopoServer,
      topo.template?.spec?.globalTopoServer,
      pvcDeletionPolicy,
    ),
    multiadmin: compact({
      spec: complete(BUILTIN.multiadmin, ofAdmin?.multiadmin, spec.multiadmin?.spec),
      placement: mergePlacement(ofAdmin?.multiadminPlacement, spec.multiadmin?.placement),
    }),
    multiadminWeb: {
      spec: complete(BUILTIN.multiadminWeb, ofWeb?.multiadminWeb, spec.multiadminWeb?.spec),
    },
  };
};

/** Same problem found by several components (one missing default template): once. */
const distinct = (problems: (Problem | undefined)[]): Problem[] => {
  const found = problems.filter((problem) => problem !== undefined);
  return found.filter(({ path }, i) => found.findIndex((other) => other.path === path) === i);
};

const resolveCells = (
  spec: api.MultigresClusterSpec,
  templates: Templates,
  clusterPolicy: Required<api.PvcPolicy>,
): { cell: ResolvedCell; choice: TemplateChoice<Templates['cell'][string]> }[] =>
  (spec.cells ?? []).map((config, i) => {
    const choice = chooseTemplate('CellTemplate', templates.cell, [
      { path: `spec.cells[${i}].cellTemplate`, name: config.cellTemplate },
      { path: 'spec.templateDefaults.cellTemplate', name: spec.templateDefaults?.cellTemplate },
    ]);
    return { cell: resolveCell(config, choice.template, clusterPolicy), choice };
  });

/**
 * Applies templates, inheritance and built-in defaults to a cluster's spec. `templates` are those of
 * the cluster's namespace. Fails only where a named template does not exist; whether the result
 * makes sense is for policies to judge.
 */
export const resolveCluster = (
  cluster: api.MultigresCluster,
  templates: Templates,
  options: ResolveOptions = {},
): ResolveResult => {
  const spec = cluster.spec ?? { postgresPasswordSecretRef: { name: '', key: '' } };
  const identity = { name: cluster.metadata.name, namespace: cluster.metadata.namespace ?? '' };
  const settings = resolveSettings(spec);
  const { durabilityPolicy, pvcDeletionPolicy } = settings;
  const { globalTopo, multiadmin, multiadminWeb, ...core } = resolveCore(
    spec,
    templates,
    pvcDeletionPolicy,
  );
  const cells = resolveCells(spec, templates, pvcDeletionPolicy);
  const findings: Findings = { problems: [], notes: [], used: new Set() };
  const databases = resolveDatabases(
    {
      spec,
      cells: cells.map(({ cell }) => cell.name).toSorted(),
      templates: templates.shard,
      running: options.running,
      durabilityPolicy,
      pvcDeletionPolicy,
    },
    findings,
  );
  const problems = distinct([
    ...core.problems,
    ...cells.map(({ choice }) => choice.problem),
    ...findings.problems,
  ]);
  if (problems.length > 0) return { ok: false, problems };

  const value: ResolvedCluster = {
    ...identity,
    projectRef: cluster.metadata.annotations?.[ANNOTATIONS.projectRef] || identity.name,
    ...settings,
    globalTopo,
    topoRef: topoRefOf(
      globalTopo,
      cells.map(({ cell }) => cell),
      identity,
    ),
    multiadmin,
    multiadminWeb,
    cells: cells.map(({ cell }) => cell),
    databases,
    templatesUsed: {
      core: core.used,
      cell: sorted(...cells.map(({ choice }) => choice.name)),
      shard: sorted(...findings.used),
    },
  };
  return { ok: true, value, notes: findings.notes };
};
