import { defaultImagesFromEnv } from '../../schemas/images.ts';
import { parseIssuer, type BuildContext } from '../builders/context.ts';
import type { Options } from '../options.ts';

export const buildContextOf = (options: Options): BuildContext => {
  const { etcd, exporter } = defaultImagesFromEnv(options.env);
  const otel = Object.entries(options.env).filter(([name]) => name.startsWith('OTEL_'));
  return {
    images: { etcd, exporter },
    otelEnv: Object.fromEntries(otel),
    zoneKeys: options.zoneKeys,
    clusterDomain: options.clusterDomain,
    certIssuer: parseIssuer(options.certIssuer),
  };
};
