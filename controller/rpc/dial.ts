/** A channel to one component, with the options and credentials that every channel of ours has. */
import { makeGenericClientConstructor } from '@grpc/grpc-js';
import type { Client, ServiceClientConstructor } from '@grpc/grpc-js';
import { serviceDefinition, type ServiceName } from '../proto/load.ts';
import { channelCredentials, tlsOptions, type TlsMaterial } from './tls.ts';

export interface Target {
  /** host:port */
  address: string;
  tls?: TlsMaterial | undefined;
}

/** Quick re-dialling, a pool of its own, and a look at silent connections. */
const CHANNEL_OPTIONS = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
  // A recreated pod has a new address: look its name up again soon.
  'grpc.dns_min_time_between_resolutions_ms': 500,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  // Else the next channel would be given the connection attempt of the one that was closed.
  'grpc.use_local_subchannel_pool': 1,
  // The servers refuse more than a ping every 10 s, and any without a call.
  'grpc.keepalive_time_ms': 11_000,
  'grpc.keepalive_timeout_ms': 5_000,
};

const constructors = new Map<ServiceName, ServiceClientConstructor>();

/** Connects at the first call, not before. Close it when it is no longer wanted. */
export const dial = (target: Target, service: ServiceName, options = {}): Client => {
  const Constructor =
    constructors.get(service) ?? makeGenericClientConstructor(serviceDefinition(service), service);
  constructors.set(service, Constructor);
  const all = { ...CHANNEL_OPTIONS, ...options, ...tlsOptions(target.tls) };
  return new Constructor(target.address, channelCredentials(target.tls), all);
};
