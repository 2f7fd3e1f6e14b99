/**
 * Users of the images. They are set whatever the image: an image that names its user cannot pass
 * `runAsNonRoot`, and pgctld and multipooler must share the data directory.
 */
export const RUN_AS = {
  /** pgctld, multipooler, exporter: `postgres` of the PostgreSQL image. */
  postgres: 999,
  /** etcd and the Go servers: the user of the distroless images. */
  server: 65532,
  web: 1001,
} as const;

/** Mode of mounted Secrets: readable through fsGroup only. */
export const SECRET_MODE = 0o440;

/** Container security context that the restricted Pod Security Standard admits. */
export const containerSecurity = (user: number, group: number = user): Record<string, unknown> => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: group,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
});

/**
 * Pod security context. `fsGroup` makes block volumes writable and Secrets readable; it is applied
 * only when the volume's root differs, since a recursive chown of a large data directory is slow.
 */
export const podSecurity = (
  user: number,
  group: number = user,
  fsGroup: number = group,
): Record<string, unknown> => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: group,
  fsGroup,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
});
