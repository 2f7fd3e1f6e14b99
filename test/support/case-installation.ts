/** Our CRDs and the webhook process in front of the real API server, for cases kept as files. */
import { kubectl } from './cluster.ts';
import { OPERATOR, RELEASE } from './api-real.ts';
import { connectAsUser, type ApiServer } from './api-server.ts';
import { startWebhook } from './webhook.ts';
import { removeWebhookConfigurations } from './stand-in.ts';
import { CONTROLLER } from './worlds.ts';

export interface CaseInstallation {
  server: ApiServer;
  stop(): Promise<void>;
}

const CRDS = new URL('../../chart/files/crds/', import.meta.url).pathname;

/** Users of cases who may do everything that our webhooks let them do. */
const ADMINISTRATORS = [
  CONTROLLER,
  'system:serviceaccount:elsewhere:multigres-operator-controller',
  'system:serviceaccount:ns:multigres-operator-controller',
  'alice',
];

export async function installForCases(): Promise<CaseInstallation> {
  kubectl(['apply', '--server-side', '--force-conflicts', '--field-manager=test', '-f', CRDS]);
  kubectl(['wait', '--for=condition=Established', '--timeout=30s', '-f', CRDS]);
  kubectl(['create', 'namespace', OPERATOR]);
  const users = ADMINISTRATORS.map((user) => `--user=${user}`);
  kubectl(['create', 'clusterrolebinding', 'cases', '--clusterrole=cluster-admin', ...users]);
  const webhook = await startWebhook([`--namespace=${OPERATOR}`, `--lease-name=${RELEASE}`]);
  const server = connectAsUser();
  return {
    server,
    async stop() {
      await webhook.stop();
      removeWebhookConfigurations();
      await server.close();
    },
  };
}

/** The copies of the webhook follow the API server within this time; it looks at leases each 5 s. */
const FOLLOW_MS = 12_000;

/** Until the copies have followed, an answer may still be that of the world before. */
export async function settled(attempt: () => Promise<void>): Promise<void> {
  const end = Date.now() + FOLLOW_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
