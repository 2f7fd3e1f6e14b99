/** The administration page in a browser, over the running cluster. The emulator's page; the runtime's own is not part of its binaries. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { openBrowser, prepareChromium } from '../support/browser.ts';
import { eventually, type Shard } from '../support/shard.ts';

const MAIN = path.join(import.meta.dirname, '../../../emulator/main.ts');

export async function webPage(t: TestContext, s: Shard): Promise<void> {
  const missing = prepareChromium();
  if (missing !== undefined) return t.skip(missing);
  const leader = await s.healthy();
  const admin = new URL(s.cluster.http.admin());
  const web = spawn(process.execPath, [MAIN, 'multiadmin-web'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HOSTNAME: admin.hostname,
      MULTIADMIN_API_URL: admin.origin,
      POSTGRES_HOST: 'demo-multigateway',
    },
  });
  const browser = await openBrowser();
  t.after(async () => {
    await browser.close();
    web.kill();
  });
  const url = `http://${admin.hostname}:18100/`;
  await eventually('page', async () => (await fetch(url)).status === 200);
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  const complaints: string[] = [];
  page.on(
    'console',
    (message) => void (message.type() === 'error' && complaints.push(message.text())),
  );
  page.on('pageerror', (error) => complaints.push(error.message));

  await t.test('shows who leads, who follows and where the rest is', async () => {
    await eventually('poolers on the page', async () => {
      await page.goto(url);
      return (await page.locator('tbody').first().locator('tr').count()) === s.cluster.pods.length;
    });
    const text = (await page.locator('main').textContent()) ?? '';
    assert.match(
      text,
      new RegExp(`p-${leader} leads in ${s.cluster.pod(leader).cell}, 2 of 2 standbys streaming`),
    );
    assert.match(text, /postgresql:\/\/postgres@demo-multigateway:5432\/postgres/);
    for (const word of ['serving writes', 'Gateways', 'AT_LEAST_2', '/backups', 'complete'])
      assert.ok(text.includes(word), word);
    assert.deepEqual(complaints, []);
    const wanted = process.env['CONTRACT_SCREENSHOT'];
    if (wanted !== undefined) await page.screenshot({ path: wanted, fullPage: true });
  });

  await t.test('fits a narrow screen without moving sideways', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    const width = await page
      .locator('html')
      .evaluate((html: { scrollWidth: number }) => html.scrollWidth);
    assert.ok(width <= 390, `${width} pixels wide`);
  });
}
