import { KINDS, type KubeObject } from '../../schemas/k8s.ts';
import type { Deps } from '../deps.ts';
import { deleteObject } from '../apply/children.ts';
import { ownedBy } from '../observe/keys.ts';
import { isTerminating } from '../observe/pods.ts';
import { COMPONENTS } from '../../schemas/labels.ts';
import { commonName, names } from '../../schemas/names.ts';
import { DEFAULT_ISSUER } from '../builders/context.ts';
import { childLabels, childMeta } from '../builders/meta.ts';
import { TLS_COMPONENTS, publicCertSecret, type TlsComponent } from '../builders/tls.ts';
import type { ClusterScope } from './scope.ts';

/**
 * Removes Certificates that are not wanted any more, the Secret that was made from each first: cert-manager
 * leaves it behind, and a left-over key must not be taken for a current one.
 */
export const pruneCertificates = async (
  deps: Deps,
  owner: KubeObject,
  wanted: readonly KubeObject[],
): Promise<void> => {
  const names = new Set(
    wanted.filter(({ kind }) => kind === 'Certificate').map(({ metadata }) => metadata.name),
  );
  for (const certificate of ownedBy(deps.listers, 'Certificate', owner)) {
    if (names.has(certificate.metadata.name) || isTerminating(certificate)) continue;
    const { secretName } = (certificate.spec ?? {}) as { secretName?: string };
    const namespace = certificate.metadata.namespace ?? '';
    if (secretName) await deps.kube.delete({ kind: KINDS.Secret, namespace, name: secretName });
    await deleteObject(deps, certificate);
  }
};

/** Five years: the runtime reads certificates at start only. */
const DURATION = '44640h0m0s';

interface Wish {
  readonly name: string;
  readonly secretName: string;
  readonly dnsNames: string[];
  readonly usages: string[];
}

const certificate = (scope: ClusterScope, component: string, wish: Wish): KubeObject => {
  const { id, ctx } = scope;
  const issuer = ctx.certIssuer ?? DEFAULT_ISSUER;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: childMeta(id, wish.name, childLabels(id, component)),
    spec: {
      secretName: wish.secretName,
      commonName: commonName(wish.dnsNames[0] ?? wish.name),
      dnsNames: wish.dnsNames,
      duration: DURATION,
      privateKey: { algorithm: 'RSA', size: 2048 },
      usages: ['digital signature', 'key encipherment', ...wish.usages],
      issuerRef: {
        name: issuer.name,
        kind: issuer.kind ?? 'ClusterIssuer',
        group: issuer.group ?? 'cert-manager.io',
      },
    },
  };
};

/**
 * Callers check one name for whatever they call, that of the poolers, so every server that is
 * called by others carries it beside its own.
 */
const internal = (scope: ClusterScope, component: TlsComponent): KubeObject => {
  const { cluster, namespace } = scope.id;
  const own = names.internalTls(component, cluster, namespace);
  const pooler = names.internalTls('multipooler', cluster, namespace);
  const called = component === 'multigateway' || component === 'multiorch';
  return certificate(scope, component, {
    name: own,
    secretName: own,
    dnsNames: called ? [own, pooler] : [own],
    usages: ['server auth', 'client auth'],
  });
};

/** The name that clients use; of `db.<project>` also `<project>`. */
const publicNames = (name: string): string[] =>
  name.startsWith('db.') ? [name, name.slice('db.'.length)] : [name];

/** cert-manager Certificates: one per component for mutual TLS, one for clients of the gateways. */
export const certificateObjects = (scope: ClusterScope): KubeObject[] => {
  const { internalTLS, certCommonName } = scope.resolved;
  return [
    ...(internalTLS.enabled ? TLS_COMPONENTS.map((component) => internal(scope, component)) : []),
    ...(certCommonName
      ? [
          certificate(scope, COMPONENTS.multigateway, {
            name: certCommonName,
            secretName: publicCertSecret(scope.id.cluster),
            dnsNames: publicNames(certCommonName),
            usages: ['server auth'],
          }),
        ]
      : []),
  ];
};
