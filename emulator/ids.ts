/** Identities of runtime components: the ID message and the names built from it. */

export type ComponentName = 'MULTIPOOLER' | 'MULTIGATEWAY' | 'MULTIORCH';
export interface Id {
  component?: string;
  cell?: string;
  name?: string;
}

/** `multipooler-<cell>-<name>`: the path segment of a component's record. */
export function recordSegment(id: Id): string {
  return `${(id.component ?? '').toLowerCase()}-${id.cell}-${id.name}`;
}

/** `<cell>_<name>`: a standby's application_name; split at the first `_`. */
export function applicationName(id: Id): string {
  return `${id.cell}_${id.name}`;
}

/** The pooler that an application_name stands for; undefined when it is not one of ours. */
export function idOfApplicationName(text: string): Id | undefined {
  const at = text.indexOf('_');
  if (at <= 0) return undefined;
  return { component: 'MULTIPOOLER', cell: text.slice(0, at), name: text.slice(at + 1) };
}

/** Stable text key of an identity. */
export function idKey(id: Id | undefined): string {
  return id ? `${id.component ?? ''}/${id.cell ?? ''}/${id.name ?? ''}` : '';
}

/** How the runtime prints an identity inside error texts. */
export function idText(id: Id): string {
  return `component:${id.component}  cell:"${id.cell}"  name:"${id.name}"`;
}

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
/** Eight random letters, what a component uses when `--service-id` is empty. */
export function randomServiceId(random: () => number): string {
  return Array.from({ length: 8 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('');
}

export interface RuleNumber {
  coordinator_term?: number;
  leader_subterm?: number;
}

/** Order of rules: coordinator term, then leader subterm; negative when a is older. */
export function compareRules(a: RuleNumber | undefined, b: RuleNumber | undefined): number {
  return (
    (a?.coordinator_term ?? 0) - (b?.coordinator_term ?? 0) ||
    (a?.leader_subterm ?? 0) - (b?.leader_subterm ?? 0)
  );
}
