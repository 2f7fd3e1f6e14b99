/** The page, as text: no script, reloads itself. */
import type { PageData, PoolerRow } from './data.ts';
import { STYLE } from './style.ts';

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => escapes[c] ?? c);
const h = escapeHtml;

/** 1536 -> 1.5 KiB. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

const count = (n: number, thing: string): string => `${n} ${thing}${n === 1 ? '' : 's'}`;

const tag = (text: string, tone: string): string => `<span class="tag ${tone}">${h(text)}</span>`;

function table(caption: string, heads: string[], rows: string[][], empty: string): string {
  const body =
    rows.length === 0
      ? `<tr><td class="empty" colspan="${heads.length}">${h(empty)}</td></tr>`
      : rows
          .map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
          .join('');
  const head = heads.map((name) => `<th scope="col">${h(name)}</th>`).join('');
  return `<section><h2>${h(caption)}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></section>`;
}

const LIFECYCLE_TONE: Record<string, string> = {
  ACTIVE: 'good',
  STARTING: 'busy',
  STOPPING: 'busy',
  SHUTDOWN: 'dim',
  QUARANTINED: 'bad',
};

function poolerRow(p: PoolerRow): string[] {
  const role =
    p.role === 'PRIMARY'
      ? tag('primary', 'primary')
      : p.role === 'REPLICA'
        ? tag('replica', 'replica')
        : '–';
  const serving = p.serving === 'SERVING' ? '' : ` ${tag(p.serving.toLowerCase(), 'busy')}`;
  const lifecycle =
    tag(p.lifecycle.toLowerCase() || 'unknown', LIFECYCLE_TONE[p.lifecycle] ?? 'dim') + serving;
  if (p.live === undefined) {
    return [
      h(p.cell),
      `<b>${h(p.name)}</b>`,
      role,
      lifecycle,
      h(p.rule) || '–',
      `<span class="trouble">${h(p.trouble ?? '')}</span>`,
      '–',
      '–',
    ];
  }
  const lag = p.live.behindBytes;
  const inCohort = p.live.cohort.includes(p.name);
  return [
    h(p.cell),
    `<b>${h(p.name)}</b>${p.live.cohort.length > 0 && !inCohort ? ` ${tag('not in cohort', 'busy')}` : ''}`,
    role,
    lifecycle,
    h(p.rule) || '–',
    `${h(p.live.postgres.toLowerCase())} · ${h(p.live.replication)}`,
    `<code>${h(p.live.lsn) || '–'}</code>`,
    lag === undefined ? '–' : lag === 0 ? 'none' : h(bytes(lag)),
  ];
}

function summary(d: PageData): string {
  const shards = [...new Set(d.poolers.map((p) => p.shard))];
  const cards = shards.map((shard) => {
    const members = d.poolers.filter((p) => p.shard === shard && p.lifecycle !== 'SHUTDOWN');
    const leader = members.find((p) => p.role === 'PRIMARY' && p.live?.postgres === 'PRIMARY');
    const streaming = members.filter((p) => p.live?.replication === 'streaming').length;
    const state = leader === undefined ? tag('no primary', 'bad') : tag('serving writes', 'good');
    const who =
      leader === undefined ? 'nobody leads' : `${h(leader.name)} leads in ${h(leader.cell)}`;
    return `<div class="card"><h3>${h(shard)}</h3><p>${state}</p><p>${who}, ${streaming} of ${members.length - (leader ? 1 : 0)} standbys streaming</p></div>`;
  });
  cards.push(
    `<div class="card"><h3>Connect</h3><p><code>${h(d.endpoint)}</code></p><p>${count(d.gateways.length, 'gateway')} in ${count(d.cells.length, 'cell')}</p></div>`,
  );
  return `<div class="cards">${cards.join('')}</div>`;
}

/** The whole document. */
export function renderPage(d: PageData): string {
  const errors =
    d.errors.length === 0
      ? ''
      : `<div class="alert" role="alert"><b>Not everything could be read.</b><ul>${d.errors.map((e) => `<li>${h(e)}</li>`).join('')}</ul></div>`;
  const sections = [
    table(
      'Poolers',
      ['Cell', 'Pooler', 'Role', 'Lifecycle', 'Rule', 'PostgreSQL', 'Position', 'Behind'],
      d.poolers.map(poolerRow),
      'No pooler has registered yet.',
    ),
    table(
      'Cells',
      ['Cell', 'Topology servers', 'Root'],
      d.cells.map((c) => [
        `<b>${h(c.name)}</b>`,
        `<code>${h(c.addresses)}</code>`,
        `<code>${h(c.root)}</code>`,
      ]),
      'No cell is registered.',
    ),
    table(
      'Gateways',
      ['Cell', 'Gateway', 'Host', 'Ports'],
      d.gateways.map((g) => [h(g.cell), `<b>${h(g.name)}</b>`, h(g.host), h(g.ports)]),
      'No gateway has registered yet.',
    ),
    table(
      'Orchestrators',
      ['Cell', 'Orchestrator', 'Host'],
      d.orchs.map((o) => [h(o.cell), `<b>${h(o.name)}</b>`, h(o.host)]),
      'No orchestrator has registered yet.',
    ),
    table(
      'Databases',
      ['Database', 'Durability', 'Backups in'],
      d.databases.map((b) => [`<b>${h(b.name)}</b>`, h(b.policy), `<code>${h(b.backup)}</code>`]),
      'No database is registered.',
    ),
    table(
      'Backups',
      ['Backup', 'Type', 'State', 'Size', 'Taken by'],
      d.backups.map((b) => [
        `<code>${h(b.id)}</code>`,
        h(b.type),
        tag(b.status.toLowerCase(), b.status === 'COMPLETE' ? 'good' : 'busy'),
        h(b.size === '' ? '–' : bytes(Number(b.size))),
        h(b.by),
      ]),
      'There is no backup yet.',
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5"><title>Multigres</title><style>${STYLE}</style></head>
<body><header><h1>Multigres</h1><p>Read ${h(d.readAt)} · reloads every 5 s</p></header>
<main>${errors}${summary(d)}${sections.join('')}</main></body></html>
`;
}
