import { run, terminalIo } from '../src/cli.ts';

// Runs a command line and prints the most memory its process ever had, in bytes.
await run(process.argv.slice(2), { ...terminalIo(), stdout: () => {} });
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
