type Run = (
  argv: readonly string[],
  env: Record<string, string | undefined>,
  signal: AbortSignal,
) => Promise<number>;

/** Runs this process's one task until it ends or a signal asks for its end; its number is the exit code. */
export function runProgram(run: Run): void {
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  run(process.argv.slice(2), process.env, stop.signal).then(
    (code) => process.exit(code),
    (error: unknown) => {
      process.stderr.write(
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exit(1);
    },
  );
}
