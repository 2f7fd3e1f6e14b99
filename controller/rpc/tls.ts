import { credentials, type ChannelCredentials } from '@grpc/grpc-js';

/** A client certificate of ours and the authority of the other side, all PEM. */
export interface TlsMaterial {
  /** Those that everybody trusts when absent. */
  ca?: string;
  cert?: string;
  key?: string;
  /** Name to expect in the server's certificate; the dialled host when absent. */
  serverName?: string;
}

/** Plain text without material. */
export const channelCredentials = (tls?: TlsMaterial): ChannelCredentials => {
  if (!tls) return credentials.createInsecure();
  const bytes = (pem?: string): Buffer | null => (pem === undefined ? null : Buffer.from(pem));
  return credentials.createSsl(bytes(tls.ca), bytes(tls.key), bytes(tls.cert));
};

/** Channel options that make the server name of the material count. */
export const tlsOptions = (tls?: TlsMaterial): Record<string, string> =>
  tls?.serverName === undefined
    ? {}
    : {
        'grpc.ssl_target_name_override': tls.serverName,
        'grpc.default_authority': tls.serverName,
      };
