/** Which object to look at; never what happened to it. */
export interface Key {
  namespace: string;
  name: string;
}

/** `namespace/name` */
export const keyText = ({ namespace, name }: Key): string => `${namespace}/${name}`;

/** The other way round. */
export function parseKey(text: string): Key {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
}
