import type { Health, PoolerView } from '../../emulator/orch/model.ts';

/** A standby that streams, named as its cell, as an emulated orchestrator sees it. */
export function pooler(name: string, health: Partial<Health>): PoolerView {
  const all = {
    initialized: true,
    running: true,
    ready: true,
    postgres: 'STANDBY',
    poolerType: 'REPLICA',
    eligible: true,
    resigning: false,
    diverged: false,
    streaming: true,
    upstream: '',
    lsn: 0n,
    revokedBelow: 0,
    revokedBy: '',
    revokedAtMs: 0,
  } as const;
  return {
    id: { cell: name, name },
    hostname: name,
    grpcPort: 1,
    postgresPort: 2,
    lifecycle: 'ACTIVE',
    connected: true,
    lastSeenMs: 0,
    foundMs: 0,
    health: { ...all, ...health },
  };
}
