import { list, optional, required, struct } from './dsl.ts';
import { localObjectReference } from './embedded.ts';
import { imageRef, pullPolicy } from './scalars.ts';

export const componentImages = struct('ComponentImages', 'One image for each component.', {
  multigateway: optional(imageRef, 'Image of multigateway.'),
  multiorch: optional(imageRef, 'Image of multiorch.'),
  multipooler: optional(imageRef, 'Image of multipooler.'),
  multiadmin: optional(imageRef, 'Image of multiadmin.'),
  multiadminWeb: optional(imageRef, 'Image of multiadmin-web.'),
  postgres: optional(imageRef, 'Image of Postgres with pgctld.'),
});

export const imagePull = struct('ImagePull', 'How images are pulled.', {
  imagePullPolicy: optional(pullPolicy, 'When to pull. Default: IfNotPresent.'),
  imagePullSecrets: optional(list(localObjectReference), 'Secrets for private image registries.'),
});

export const shardImages = struct(
  'ShardImages',
  'The images of a shard.',
  {
    multiorch: required(imageRef, 'Image of multiorch.'),
    multipooler: required(imageRef, 'Image of multipooler.'),
    postgres: required(imageRef, 'Image of Postgres with pgctld.'),
  },
  { bases: [imagePull] },
);
