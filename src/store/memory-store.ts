import type { Change, Persistence } from './persistence.ts';
import { SerialStore, type StoreOptions } from './serial-store.ts';
import type { Store } from './store.ts';

/** A store that lives as long as the process: for tests. What it hands out is frozen unless told otherwise. */
export function memoryStore(options: StoreOptions = {}): Store {
  return new SerialStore(memoryPersistence(), [], { freeze: true, ...options });
}

/** Records in a map, which survive a store that is closed but not the process. `fail` may throw to play a failing disk. */
export function memoryPersistence(fail: () => void = () => {}, records = new Map<string, string>()): Persistence {
  const write = ({ key, value }: Change): unknown =>
    value === undefined ? records.delete(key) : records.set(key, value);
  return {
    load: async () => records,
    append: async (changes) => {
      fail();
      changes.forEach(write);
    },
    close: async () => {},
  };
}
