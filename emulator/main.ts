/**
 * Emulator of the Multigres runtime's binaries: `main.ts <role> <the real binary's flags>`.
 * Each role is imported only when it runs, so that a process holds no more code than it needs.
 */
import { parseFlags, ROLES, type Role } from './flags.ts';
import type { RunRole } from './role.ts';

const RUN: Readonly<Record<Role, () => Promise<RunRole>>> = {
  pgctld: async () => (await import('./pgctld.ts')).runPgctld,
  multipooler: async () => (await import('./pooler.ts')).runMultipooler,
  multiorch: async () => (await import('./orch.ts')).runMultiorch,
  multigateway: async () => (await import('./gateway.ts')).runMultigateway,
  multiadmin: async () => (await import('./admin.ts')).runMultiadmin,
  'multiadmin-web': async () => (await import('./web.ts')).runMultiadminWeb,
};

async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const role = ROLES.find((name) => name === argv[0]);
  if (!role) {
    process.stderr.write(`Error: unknown role "${argv[0] ?? ''}", known: ${ROLES.join(', ')}\n`);
    return 2;
  }
  try {
    const flags = parseFlags(role, argv.slice(1));
    return await (
      await RUN[role]()
    )(flags, env);
  } catch (error) {
    process.stderr.write(
      `Error: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
    );
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2), process.env);
process.exit();
