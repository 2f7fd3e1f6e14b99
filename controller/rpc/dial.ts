/** A channel to one component, with the options and credentials that every channel of ours has. */
import { makeGenericClientConstructor } from '@grpc/grpc-js';
import type { Client } from '@grpc/grpc-js';
import type { ServiceName } from '../proto/load.ts';
import { serviceDefinition } from '../proto/load.ts';
import { CHANNEL_OPTIONS } from './redial.ts';
import type { TlsMaterial } from './tls.ts';
import { channelCredentials, tlsOptions } from './tls.ts';

export interface Target {
  /** host:port */
  address: string;
  tls?: TlsMaterial;
}

const construct = (service: ServiceName) =>
  makeGenericClientConstructor(serviceDefinition(service), service);

const CLIENTS = {
  MultipoolerManager: construct('MultipoolerManager'),
  MultiorchService: construct('MultiorchService'),
  ServiceInfo: construct('ServiceInfo'),
};

export type CalledService = keyof typeof CLIENTS;

/** Connects at the first call, not before. Close it when it is no longer wanted. */
export const dial = (target: Target, service: CalledService): Client =>
  new CLIENTS[service](target.address, channelCredentials(target.tls), {
    ...CHANNEL_OPTIONS,
    ...tlsOptions(target.tls),
  });
