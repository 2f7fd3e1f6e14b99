/** One memory per object, dropped with it. */
export class Memories<T> {
  private readonly known = new Map<string, { uid: string; memory: T }>();
  private readonly make: () => T;

  constructor(make: () => T) {
    this.make = make;
  }

  /** A new object of the same name starts afresh. */
  of(key: string, uid: string): T {
    const found = this.known.get(key);
    if (found?.uid === uid) return found.memory;
    const memory = this.make();
    this.known.set(key, { uid, memory });
    return memory;
  }

  forget(key: string): void {
    this.known.delete(key);
  }
}
