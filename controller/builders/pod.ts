import type { Container, EnvVar, PodSpec } from '../../schemas/k8s.ts';
import { compact, nonEmpty } from '../../schemas/compact.ts';
import type { BuildContext } from './context.ts';
import { probes, type ProbePaths } from './probes.ts';
import { podBase, type Pull } from './pull.ts';
import { scheduling, type Scheduling } from './scheduling.ts';
import { containerSecurity, podSecurity } from './security.ts';

/** What TLS, telemetry and the like bring into a pod of one container. */
export interface PodPart {
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly volumes?: NonNullable<PodSpec['volumes']>;
  readonly mounts?: NonNullable<Container['volumeMounts']>;
}

interface Server extends Pick<Container, 'name' | 'image' | 'command' | 'args' | 'env'> {
  readonly pull: Pull;
  /** One of `RUN_AS`. */
  readonly user: number;
  readonly ports: Readonly<Record<string, number>>;
  readonly probes: { readonly port: number; readonly paths: ProbePaths };
  readonly resources: Container['resources'];
  /** Each adds to the arguments, variables, mounts and volumes, in this order. */
  readonly parts: readonly PodPart[];
  readonly scheduling: Scheduling;
  readonly graceSeconds?: number;
}

export const containerPorts = (
  ports: Readonly<Record<string, number>>,
): NonNullable<Container['ports']> =>
  Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' }));

/** A pod of one server, for a Deployment or StatefulSet. */
export const serverPod = (server: Server, ctx: Pick<BuildContext, 'zoneKeys'>): PodSpec => {
  const { name, image, command, pull, user, parts } = server;
  return compact({
    ...podBase(pull),
    terminationGracePeriodSeconds: server.graceSeconds,
    securityContext: podSecurity(user),
    ...scheduling(server.scheduling, ctx),
    containers: [
      compact({
        name,
        image,
        imagePullPolicy: pull.policy,
        command,
        args: nonEmpty([...(server.args ?? []), ...parts.flatMap(({ args = [] }) => args)]),
        env: [...(server.env ?? []), ...parts.flatMap(({ env = [] }) => env)],
        ports: containerPorts(server.ports),
        ...probes(server.probes.port, server.probes.paths),
        resources: server.resources,
        securityContext: containerSecurity(user),
        volumeMounts: nonEmpty(parts.flatMap(({ mounts = [] }) => mounts)),
      }),
    ],
    volumes: nonEmpty(parts.flatMap(({ volumes = [] }) => volumes)),
  });
};
