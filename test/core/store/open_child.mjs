// Opens a store in a process of its own and says so: open_child.mjs FILE [slow].
// "slow" adds a migration that makes a table and then works for minutes, to be killed meanwhile.
import { MIGRATIONS } from '../../../dist/core/store/migrations.js';
import { openStore } from '../../../dist/core/store/open.js';

const SLOW = {
  name: '999_slow',
  sql: `CREATE TABLE half_done (n INTEGER);
    INSERT INTO half_done WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 1e12)
      SELECT n FROM counter WHERE n % 1e6 = 0;`,
};

const [path, slow] = process.argv.slice(2);
const store = openStore(path, { create: true, now: new Date(0), ...(slow ? { migrations: [...MIGRATIONS, SLOW] } : {}) });
store.db.close();
process.stdout.write('opened');
