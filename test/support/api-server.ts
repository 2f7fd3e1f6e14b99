/** Requests to a real API server as a user makes them, with all that it answers. */
import { systemClock } from '../../kube/clock.ts';
import { loadKubeConfig } from '../../kube/config.ts';
import { createTransport } from '../../kube/transport.ts';
import { kubeconfig } from './cluster.ts';

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  /** Texts of the Warning headers. */
  warnings: string[];
}

export interface ApiServer {
  /** `user` is impersonated; absent = the administrator of the kubeconfig. */
  send(method: string, path: string, body?: unknown, user?: string): Promise<Answer>;
  /** As `send`; throws unless the answer is a success. */
  must(method: string, path: string, body?: unknown, user?: string): Promise<Answer>;
  close(): Promise<void>;
}

const LIMIT_MS = 30_000;

export function connectAsUser(): ApiServer {
  const transport = createTransport(loadKubeConfig({ KUBECONFIG: kubeconfig() }), systemClock);
  const send: ApiServer['send'] = async (method, path, body, user) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await transport.send({
      method,
      path,
      headers: {
        'content-type': type,
        accept: 'application/json',
        ...(user === undefined ? {} : { 'impersonate-user': user }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    return {
      status: answer.status,
      body: JSON.parse(text) as Record<string, unknown>,
      warnings: parseWarnings(answer.headers['warning'] ?? ''),
    };
  };
  return {
    send,
    async must(method, path, body, user) {
      const answer = await send(method, path, body, user);
      if (answer.status < 300) return answer;
      throw new Error(`${method} ${path}: ${answer.status} ${String(answer.body['message'])}`);
    },
    close: () => transport.close(),
  };
}

/** `299 - "text"`, several of them with commas between; quotes and backslashes are escaped. */
const parseWarnings = (header: string): string[] =>
  [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) =>
    (match[1] ?? '').replaceAll(/\\(.)/g, '$1'),
  );
