/** Headless Chromium, Debian's, installed when it is missing and this may be done. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';
/** No sandbox because tests run as root; the rest keeps it from asking the network for anything. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Installs Chromium if it is missing. @returns why there is none, or undefined */
export function prepareChromium(): string | undefined {
  if (existsSync(PROGRAM)) return undefined;
  if (process.getuid?.() !== 0) return `${PROGRAM} is missing, and only root may install it`;
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-q', ...args], {
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  const install = () =>
    apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
  let done = install();
  if (done.status !== 0) {
    apt('update');
    done = install();
  }
  if (existsSync(PROGRAM)) return undefined;
  const why = done.stderr ?? String(done.error);
  return `chromium could not be installed: ${why.slice(-300)}`;
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM, args: FLAGS });
}
