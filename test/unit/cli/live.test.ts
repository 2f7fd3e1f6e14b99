/** Clusters that are none, or that tell too little. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { readLive } from '../../../cli/live.ts';
import { loadUserConfig } from '../../../kube/config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'multigres-test-live-'));

after(() => rmSync(folder, { recursive: true }));

function kubeconfig(name: string, server: string): string {
  const file = path.join(folder, name);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'ns' } }],
    users: [{ name, user: { token: 'x' } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const INPUT = `
apiVersion: multigres.com/v1alpha1
kind: MultigresCluster
metadata: { name: m }
`;

/** What comes of a server that answers each path so. */
async function against(answer: (url: string, response: ServerResponse) => void): Promise<unknown> {
  const server = createServer(({ url = '' }, response) => answer(url, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const asked = {
    files: [],
    recursive: false,
    againstCluster: true,
    kubeconfig: kubeconfig('test', `http://127.0.0.1:${port}`),
  };
  try {
    return await readLive(asked, [{ name: 'a.yaml', text: INPUT }]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

function json(response: ServerResponse, body: object, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const LIST = { metadata: { resourceVersion: '1' }, items: [] };

/** An API server without TLS, as kubectl proxy is. */
const proxy =
  (ours: (response: ServerResponse) => void) =>
  (url: string, response: ServerResponse): void => {
    if (url === '/version') json(response, { gitVersion: 'v1.34.0' });
    else if (url.includes('/multigres.com/')) ours(response);
    else json(response, LIST);
  };

describe('against a cluster', () => {
  test('what is no Kubernetes API is said to be none', async () => {
    const page = against((_url, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>Log in</html>');
    });
    await assert.rejects(page, /answers, but not as a Kubernetes API does/);
  });

  test('kinds that are not installed are said to be so', async () => {
    const none = against(
      proxy((response) => json(response, { kind: 'Status', reason: 'NotFound' }, 404)),
    );
    await assert.rejects(none, /the kinds of multigres\.com are not installed there/);
  });

  test('rights that are missing are named', async () => {
    const status = { kind: 'Status', reason: 'Forbidden', message: 'you cannot list them' };
    const forbidden = against(proxy((response) => json(response, status, 403)));
    await assert.rejects(forbidden, /you cannot list them; ask for get and list .* namespace ns/);
  });

  test('a server without TLS is asked, as kubectl proxy is one', async () => {
    const live = (await against(proxy((response) => json(response, LIST)))) as Awaited<
      ReturnType<typeof readLive>
    >;
    assert.equal(live.namespace, 'ns');
  });
});

test('of the files of KUBECONFIG those that are missing do not count', () => {
  const before = process.env['KUBECONFIG'];
  const files = [
    path.join(folder, 'missing'),
    kubeconfig('a', 'https://a'),
    '',
    kubeconfig('b', 'https://b'),
  ];
  const load = (list: readonly string[], context?: string): string | undefined => {
    process.env['KUBECONFIG'] = list.join(path.delimiter);
    return loadUserConfig(context === undefined ? {} : { context }).config.getCurrentCluster()
      ?.server;
  };
  try {
    assert.equal(load(files), 'https://a');
    assert.equal(load(files, 'b'), 'https://b');
    assert.throws(() => load(files.slice(0, 1)), /no file of KUBECONFIG exists/);
  } finally {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  }
});
