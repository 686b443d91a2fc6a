// Runs a command line of the built program and prints the most memory its process ever had, in bytes.
import { readFileSync } from 'node:fs';
import { run, terminalIo } from '../dist/cli.js';

await run(process.argv.slice(2), { ...terminalIo(), stdout: () => {} });
// Not resourceUsage().maxRSS: it begins with what the process that started this one had.
const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
process.stdout.write(String(Number(kilobytes) * 1024));
