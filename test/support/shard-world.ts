/** A shard in a few lines of YAML -> the state that planner, guards and status see of it. */
export { NOW, type World } from './shard-world/notes.ts';
export { stateOf } from './shard-world/state.ts';
