// Runs a command line of the built program and prints the most memory its process ever had, in bytes.
import { run, terminalIo } from '../dist/cli.js';

await run(process.argv.slice(2), { ...terminalIo(), stdout: () => {} });
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
