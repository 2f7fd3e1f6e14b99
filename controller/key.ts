/** Which object to look at; never what happened to it. */
export interface Key {
  namespace: string;
  name: string;
}

/** From `namespace/name`. */
export function parseKey(text: string): Key {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
}
