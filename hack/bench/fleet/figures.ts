/** The figures of the fleet bench and how they are shown. */

export interface Figures {
  clusters: number;
  /** From the first creation until all pods were ready, s. */
  ready: number;
  /** The same objects created straight at the API server, s; with --floor. */
  floor?: number;
  /** CPU of controller, webhook and API server until then, s. */
  cpu: { controller: number; webhook: number; apiServer: number; apiServerFloor?: number };
  /** Write requests of the controller until then, per cluster, and objects that a cluster has. */
  writes: number;
  objects: number;
  /** Largest resident memory, MiB. */
  rss: { controller: number; webhook: number };
  /** Once nothing happens: CPU of the controller, % of a core, and its writes a minute. */
  idle: { cpu: number; writes: number };
  /** After a restart of the controller: writes, and seconds until its last one. */
  restart: { writes: number; quiet: number };
}

const COLUMNS: [title: string, cell: (figures: Figures) => string | number][] = [
  ['clusters', (f) => f.clusters],
  ['all pods ready, s', (f) => f.ready],
  ['floor, s', (f) => f.floor ?? '-'],
  ['CPU of controller, s', (f) => f.cpu.controller],
  ['of webhook', (f) => f.cpu.webhook],
  ['of API server', (f) => f.cpu.apiServer],
  ['floor', (f) => f.cpu.apiServerFloor ?? '-'],
  ['writes per cluster', (f) => f.writes],
  ['objects per cluster', (f) => f.objects],
  ['RSS of controller, MiB', (f) => f.rss.controller],
  ['of webhook', (f) => f.rss.webhook],
  ['idle CPU, %', (f) => f.idle.cpu],
  ['idle writes a minute', (f) => f.idle.writes],
  ['writes after a restart', (f) => f.restart.writes],
  ['last of them, s', (f) => f.restart.quiet],
];

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

export const markdown = (all: readonly Figures[]): string =>
  [
    row(COLUMNS.map(([title]) => title)),
    row(COLUMNS.map(() => '---:')),
    ...all.map((figures) => row(COLUMNS.map(([, cell]) => cell(figures)))),
  ].join('\n');
