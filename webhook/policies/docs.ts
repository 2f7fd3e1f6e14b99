import { POLICIES } from './index.ts';
import type { Policy } from './policy.ts';

/** What holds for all policies: how to set their modes, and the way out. */
const USE = `## Modes

A policy denies, warns or is off. Its own mode is in the list below; what is set for the whole
installation wins over it, and the label of a namespace wins over both.

For the installation, in the values of the chart:

\`\`\`yaml
policies:
  zones-exist: { mode: deny }
  single-etcd: { mode: 'off' }
\`\`\`

For one namespace, by a label of the Namespace, which those may set who may edit Namespaces:

\`\`\`sh
kubectl label namespace dev policies.multigres.com/single-etcd=off
\`\`\`

Both act within a second, without a restart. A policy that is off is not evaluated. Under \`warn\`
nothing is denied. Under \`deny\` every finding denies, except those that the policy itself calls
warnings, for example about what was stored that way before. A label that cannot be read is ignored, and
every review in the namespace warns of it. Policies that the list calls guards protect the operator's own
rights, and all other policies with them: a label may raise them, but only the installation lowers them.

The chart writes the modes, and the settings of its value \`policySettings\`, into the ConfigMap
\`multigres-operator-policies\`, under keys \`mode.<id>\` and \`setting.<name>\`. An entry that cannot be
read is logged and counted (\`multigres_webhook_policy_config_errors_total\`), and what it said before
stays. Without the ConfigMap each policy has its own mode.

## Bypass

In an emergency a change can pass although policies deny it. The object says which policies, and why:

\`\`\`yaml
metadata:
  annotations:
    multigres.com/bypass-policies: pools-stay,storage-not-shrunk
    multigres.com/bypass-reason: INC-4711, the volumes were copied by hand
\`\`\`

This counts only if RBAC gives the user who sends the change the verb \`bypass\` on these policies in
that namespace:

\`\`\`yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: bypass-policies, namespace: prod }
rules:
  - apiGroups: [multigres.com]
    resources: [policies]
    resourceNames: [pools-stay, storage-not-shrunk] # left out: all
    verbs: [bypass]
\`\`\`

The chart has a ClusterRole that names all policies but the guards (\`rbac.bypass\`), which nobody has until
it is bound, for one person in one namespace by:

\`\`\`sh
kubectl create rolebinding bypass --clusterrole=multigres-operator-bypass --user=alice -n prod
\`\`\`

Kubernetes lets only those grant the verb who hold it themselves, such as cluster administrators. For a
deletion the annotations of the stored object count. What was denied becomes a warning that names
the user and the reason. It is recorded by an Event of the object (\`PolicyBypassed\`), the metric
\`multigres_webhook_bypass_total\`, and in the audit log under \`validate.multigres.com/bypassed-policies\`
and \`validate.multigres.com/bypass-reason\`; a dry run leaves no Event and is not counted. Without a
reason, with an id that no policy has, or without the right, the denial stays and says why. Take the
annotations away afterwards: they count for later changes as well, each time by the right of whoever sends
it.
`;

/** docs/policies.md: one section per policy, in the order of the list. */
export function renderPolicyDocs(): string {
  return `<!-- Generated from webhook/policies by \`npm run generate\`. Do not edit. -->

# Policies

Every write of a Multigres object is judged by these policies before it is stored. A policy that
denies refuses the request; one that warns lets it pass and says why it may go wrong. All findings are
shown at once, denials first: where, what stands there, what is wrong, what is allowed, what to do,
and in brackets the code and the id of the policy, which is the heading of its section here. A warning
at kubectl is one short line, of which \`kubectl multigres lint\` says the rest.

Nothing is judged when an object is being deleted, or when only its metadata changes (labels,
annotations, finalizers; objects that the operator writes are the exception). What the schemas of the
CRDs refuse by themselves is not repeated here.

## Templates

A template reaches every cluster that uses it at once, so a change of a CoreTemplate, CellTemplate or
ShardTemplate is judged like the same change written in each of these clusters: by every policy below about
updates of a MultigresCluster, with what runs of that cluster. So is a template called \`default\` that
appears or goes away, for the clusters that name none. A finding names the clusters and the field of the
template, or the field of the cluster where the template has none. What a cluster is blamed for already
under the old template is not the edit's fault and is left out. Clusters that are being deleted do not count.

The modes are those of the namespace, the same for clusters and templates. The annotations of a bypass stand
on the template. While the state of a cluster is not known, an edit that takes poolers away from it is
refused (live-state-known), and any other goes through.

${USE}
## List

| Code | Policy | Mode | Objects | On |
| --- | --- | --- | --- | --- |
${POLICIES.map(row).join('\n')}

${POLICIES.map(section).join('\n')}`;
}

function row(policy: Policy): string {
  const { code, id, mode, guard, kinds, operations } = policy;
  return `| ${code} | [${id}](#${id}) | ${mode}${guard ? ', guard' : ''} | ${kinds.join(', ')} | ${operations.join(', ')} |`;
}

function section({ id, code, mode, summary, description, good, bad }: Policy): string {
  return `## ${id}

**${code}** (${mode === 'deny' ? 'denies' : 'warns'}): ${summary}

${description}

Passes:

\`\`\`yaml
${good}
\`\`\`

${mode === 'deny' ? 'Refused' : 'Warned about'}:

\`\`\`yaml
${bad}
\`\`\`
`;
}
