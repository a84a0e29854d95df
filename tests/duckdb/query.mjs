// Reads SQL statements from standard input, divided by lines of "---", runs
// them in DuckDB and prints the rows of each as a line of JSON. The first
// argument is a folder: each file NAME.parquet in it becomes a view NAME.
import { DuckDBInstance } from '@duckdb/node-api';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const folder = process.argv[2];
const db = await (await DuckDBInstance.create(':memory:')).connect();
for (const file of readdirSync(folder).filter((f) => f.endsWith('.parquet'))) {
  const path = join(folder, file).replaceAll("'", "''");
  await db.run(`CREATE VIEW "${basename(file, '.parquet')}" AS SELECT * FROM read_parquet('${path}')`);
}
for (const sql of readFileSync(0, 'utf8').split(/^---$/m)) {
  const rows = (await db.runAndReadAll(sql)).getRowsJson();
  console.log(JSON.stringify(rows));
}
