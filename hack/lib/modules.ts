/** What our modules take from each other, read from their text. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parsers } from 'prettier/plugins/babel';

export interface Import {
  /** Path of the module from the root of the repository. */
  target: string;
  /** Names as the target exports them; ALL for the whole of it. */
  names: readonly string[];
  line: number;
}

export interface Module {
  path: string;
  /** Of what is ours, not of packages. Type imports, re-exports and `import()` count like any other. */
  imports: readonly Import[];
  exports: readonly { name: string; line: number }[];
  /** Names that the module itself uses, apart from declaring them. */
  uses: ReadonlySet<string>;
}

export const ALL = '*';

/** The folders that hold our modules; the first six make the product. */
export const PRODUCT = ['schemas', 'kube', 'pki', 'webhook', 'controller', 'cli'] as const;
const ROOMS = [...PRODUCT, 'emulator', 'hack', 'test'] as const;
/** Sources of other projects that our tools unpack there. */
const FOREIGN = path.join('hack', 'local', 'src');

/** Every module of ours, by its path. */
export async function readModules(root: string): Promise<Module[]> {
  const files = ROOMS.flatMap((room) =>
    readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
      .map((name) => path.join(room, name))
      .filter((file) => /(?<!\.d)\.ts$/.test(file) && !file.startsWith(FOREIGN)),
  );
  const modules: Module[] = [];
  for (const file of files.toSorted())
    modules.push(await parseModule(file, readFileSync(path.join(root, file), 'utf8')));
  return modules;
}

/** The part of the syntax tree that this is about. */
interface Node {
  type: string;
  loc: { start: { line: number } };
  source?: { value: string } | null;
  specifiers?: readonly { type: string; imported?: Named; local?: Named; exported?: Named }[];
  declaration?: Declaration | null;
}
interface Named {
  name?: string;
  value?: string;
}
interface Declaration {
  id?: Named;
  declarations?: readonly { id: Named }[];
}

export async function parseModule(file: string, text: string): Promise<Module> {
  const tree = (await parsers['babel-ts'].parse(text, { filepath: file } as never)) as {
    program: { body: readonly Node[] };
  };
  const imports: Import[] = dynamicImports(file, text);
  const exports: { name: string; line: number }[] = [];
  for (const node of tree.program.body) {
    const { line } = node.loc.start;
    if (node.source?.value.startsWith('.')) {
      const names = (node.specifiers ?? []).map(takenName);
      imports.push({
        target: targetOf(file, node.source.value),
        names: node.type === 'ExportAllDeclaration' ? [ALL] : names,
        line,
      });
    }
    if (node.type === 'ExportNamedDeclaration')
      for (const name of exportedNames(node)) exports.push({ name, line });
    if (node.type === 'ExportDefaultDeclaration') exports.push({ name: 'default', line });
  }
  return { path: file, imports, exports, uses: usedNames(tree.program.body) };
}

const nameOf = ({ name, value }: Named): string => name ?? value ?? '';

function takenName(specifier: NonNullable<Node['specifiers']>[number]): string {
  switch (specifier.type) {
    case 'ImportSpecifier':
      return nameOf(specifier.imported ?? {});
    case 'ExportSpecifier':
      return nameOf(specifier.local ?? {});
    case 'ImportDefaultSpecifier':
      return 'default';
    default:
      return ALL;
  }
}

function exportedNames({ specifiers = [], declaration }: Node): string[] {
  if (!declaration) return specifiers.map(({ exported = {} }) => nameOf(exported));
  const { id, declarations = [] } = declaration;
  return (id ? [id] : declarations.map((one) => one.id)).map(nameOf);
}

/** Where the name at a key is no use of what has that name. */
const NO_USE = new Set(['id', 'key', 'property', 'local', 'exported', 'imported', 'label']);

function usedNames(body: readonly Node[]): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown, key: string, computed: boolean): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, '', false);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Record<string, unknown>;
    const isName = node['type'] === 'Identifier' && typeof node['name'] === 'string';
    if (isName && (computed || !NO_USE.has(key))) names.add(String(node['name']));
    for (const [inner, child] of Object.entries(node))
      if (inner !== 'loc' && inner !== 'extra') visit(child, inner, node['computed'] === true);
  };
  for (const node of body) if (node.type !== 'ImportDeclaration') visit(node, '', false);
  return names;
}

/** `const { a, b } = await import('x')` and `(await import('x')).a` take names, any other use all. */
function dynamicImports(file: string, text: string): Import[] {
  const found = text.matchAll(
    /(?:\{([\w\s,]+)\} = await )?\bimport\(\s*'(\.[^']+)'\s*,?\s*\)(?:\)\.(\w+))?/g,
  );
  return [...found].map(({ 1: several, 2: specifier = '', 3: one, index }) => ({
    target: targetOf(file, specifier),
    names: (several ?? one ?? ALL)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    line: text.slice(0, index).split('\n').length,
  }));
}

const targetOf = (file: string, specifier: string): string =>
  path.join(path.dirname(file), specifier);
