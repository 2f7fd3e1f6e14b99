export type {
  BackupMetadata,
  BuildInfo,
  DetectedProblem,
  HealthSnapshot,
  HealthStreamRequest,
  HealthStreamResponse,
  ReloadConfigResponse,
  RulePosition,
  ShardRule,
  ShardStatusResponse,
  SnapshotTrigger,
  StatusResponse,
} from '../proto/generated/messages.ts';
