type Run = (
  argv: readonly string[],
  env: Record<string, string | undefined>,
  signal: AbortSignal,
) => Promise<number>;

const SIGNALS = { SIGTERM: 15, SIGINT: 2 } as const;

/**
 * Runs this process's one task until it ends or a signal asks for its end; its number is the exit code.
 * A second signal ends the process at once, but by an exit, so that waiting log lines are written.
 */
export function runProgram(run: Run): void {
  const stop = new AbortController();
  for (const [name, number] of Object.entries(SIGNALS))
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(128 + number);
      stop.abort();
    });
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
