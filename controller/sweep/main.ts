import { runProgram } from '../../kube/program.ts';
import { run } from './program.ts';

runProgram(run);
