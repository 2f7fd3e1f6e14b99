/** What a builder of child objects needs beside the object itself. The same for every reconcile of one process. */
export interface BuildContext {
  /** Images that the API has no field for. */
  readonly images: { readonly etcd: string; readonly exporter: string };
  /** The operator's own OTEL_* variables: fall-back of `spec.observability`. */
  readonly otelEnv: Readonly<Record<string, string>>;
  /**
   * Node labels that may carry the zone id of a cell; a node with any of them matches.
   * Default `ZONE_LABELS`.
   */
  readonly zoneKeys?: readonly string[];
  /** Issuer of cert-manager Certificates. Default `DEFAULT_ISSUER`. */
  readonly certIssuer?: CertIssuer;
  /** DNS domain of the Kubernetes cluster, default `cluster.local`. */
  readonly clusterDomain?: string;
}

interface CertIssuer {
  readonly name: string;
  /** `ClusterIssuer` (default) or `Issuer`. */
  readonly kind?: string;
  /** Default `cert-manager.io`. */
  readonly group?: string;
}

/** The issuer that upstream installations have; a chart value replaces it. */
export const DEFAULT_ISSUER: CertIssuer = { name: 'supabase-issuer', kind: 'ClusterIssuer' };

/** `ClusterIssuer/name` or `Issuer/name`, as the option has it; a bare name is a ClusterIssuer's. */
export const parseIssuer = (text: string): CertIssuer => {
  const [kind = '', name = ''] = text.includes('/') ? text.split('/', 2) : ['ClusterIssuer', text];
  return { kind, name };
};
