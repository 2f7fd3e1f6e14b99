/** Processes that crash and processes that hang. */
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPONENTS } from '../../schemas/labels.ts';
import type { Pod } from '../../schemas/k8s.ts';
import { signal, type Signal } from '../lifecycle/processes.ts';
import { podsOf } from '../lifecycle/world.ts';
import { type Done, type Fault, nameOf, type Scene, shortName } from './fault.ts';

/** A program of the data plane: in which pods it runs, and whether the leader falls with it. */
interface Program {
  title: string;
  component: string;
  container: string;
  /** Name of the process; absent: every process of the container. */
  process?: string;
  /** The shard's leader can't lead without it. */
  leads: boolean;
  short?: boolean;
}

const PROGRAMS: readonly Program[] = [
  {
    title: 'Postgres',
    component: COMPONENTS.pool,
    container: 'postgres',
    process: 'postgres',
    leads: true,
    short: true,
  },
  { title: 'pgctld and Postgres', component: COMPONENTS.pool, container: 'postgres', leads: true },
  { title: 'multipooler', component: COMPONENTS.pool, container: 'multipooler', leads: true },
  {
    title: 'multiorch',
    component: COMPONENTS.multiorch,
    container: 'multiorch',
    leads: false,
    short: true,
  },
  {
    title: 'multigateway',
    component: COMPONENTS.multigateway,
    container: 'multigateway',
    leads: false,
  },
  { title: 'an etcd member', component: COMPONENTS.toposerver, container: 'etcd', leads: false },
];

async function send(scene: Scene, pod: Pod, program: Program, name: Signal): Promise<number> {
  const { container, process } = program;
  const target = { pod: nameOf(pod), container, ...(process ? { program: process } : {}) };
  return await signal(scene.world, target, name);
}

async function victim(scene: Scene, { component }: Program): Promise<Pod> {
  return scene.random.pick(await podsOf(scene.world, component));
}

const done = (scene: Scene, pod: Pod, program: Program, what: string): Done => ({
  detail: `${shortName(pod)}${nameOf(pod) === scene.leader ? ' (leader)' : ''}: ${what}`,
  elections: program.leads && nameOf(pod) === scene.leader ? 1 : 0,
});

const kill = (program: Program): Fault => ({
  name: `SIGKILL of ${program.title}`,
  ...(program.short ? { short: true } : {}),
  run: async (scene) => {
    const pod = await victim(scene, program);
    const hit = await send(scene, pod, program, 'KILL');
    return done(scene, pod, program, `${hit} processes killed`);
  },
});

const freeze = (program: Program): Fault => ({
  name: `SIGSTOP of ${program.title}`,
  run: async (scene) => {
    const pod = await victim(scene, program);
    const seconds = scene.random.between(5, 40);
    try {
      await send(scene, pod, program, 'STOP');
      await sleep(seconds * 1000);
    } finally {
      await send(scene, pod, program, 'CONT');
    }
    return done(scene, pod, program, `frozen for ${seconds} s`);
  },
});

export const PROCESS_FAULTS: readonly Fault[] = [
  ...PROGRAMS.map(kill),
  ...PROGRAMS.filter(({ title }) => title !== 'pgctld and Postgres').map(freeze),
];
