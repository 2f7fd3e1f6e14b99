import { boolean, list, map, optional, required, rule, string, struct } from './dsl.ts';
import { ipAddress, text } from './scalars.ts';

const name253 = string({ minLength: 1, maxLength: 253 });

export const pgConfRef = struct(
  'PgConfRef',
  'Deprecated, use postgresConfig. A key of a ConfigMap with lines for postgresql.conf.',
  {
    name: required(name253, 'Name of the ConfigMap.'),
    key: required(name253, 'Key in the ConfigMap.'),
  },
);

export const postgresConfig = map(text, { maxProperties: 200 });

export const passwordRef = struct(
  'PasswordRef',
  "A key of a Secret with the superuser's password.",
  {
    name: required(
      string({
        minLength: 1,
        maxLength: 253,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
        patternText: "the name of a Secret: lower-case letters, digits, '-' and '.'",
      }),
      'Name of the Secret.',
    ),
    key: required(
      string({
        minLength: 1,
        maxLength: 253,
        pattern: '^[-._a-zA-Z0-9]+$',
        patternText: "a key of a Secret: letters, digits, '-', '_' and '.'",
      }),
      'Key in the Secret.',
    ),
  },
);

export const internalTls = struct('InternalTls', 'TLS between the components.', {
  enabled: optional(boolean, 'Use mutual TLS with certificates of cert-manager. Default: false.'),
});

export const pruning = struct('Pruning', 'Removal of stale topology records.', {
  enabled: optional(boolean, 'Remove records of cells and poolers that are gone. Default: true.'),
});

export const external = struct('External', 'Access to a Service from outside.', {
  enabled: required(boolean, 'Make the Service reachable from outside.'),
  externalIPs: optional(list(ipAddress, { maxItems: 10 }), 'External addresses of the Service.'),
  annotations: optional(
    map(text, {
      maxProperties: 20,
      rules: [
        rule(
          "self.all(k, !k.startsWith('multigres.com/'))",
          'annotations that begin with multigres.com/ belong to the operator: use another prefix',
        ),
      ],
    }),
    'Additional annotations of the Service.',
  ),
});
