-- Views of the sections of several blocks, for DuckDB. Ids are unique over all blocks.
CREATE OR REPLACE TABLE blocks (block VARCHAR, base BIGINT);
INSERT INTO blocks VALUES
  ('01J00000000000000000000002', 0::BIGINT << 32),
  ('01J00000000000000000000003.000.a', 1::BIGINT << 32),
  ('01J00000000000000000000003.001.b', 2::BIGINT << 32);
CREATE OR REPLACE VIEW kinds AS
SELECT * EXCLUDE (base, filename) REPLACE (
  CASE WHEN kind < 0 THEN -1 ELSE base + kind END AS kind)
FROM read_parquet([
  '/it''s/here/01J00000000000000000000002/kinds.parquet',
  '/it''s/here/01J00000000000000000000003.000.a/kinds.parquet',
  '/it''s/here/01J00000000000000000000003.001.b/kinds.parquet'], filename = true)
JOIN blocks ON block = parse_path(filename)[-2];
CREATE OR REPLACE VIEW series AS
SELECT * EXCLUDE (base, filename) REPLACE (
  CASE WHEN series < 0 THEN -1 ELSE base + series END AS series,
  CASE WHEN kind < 0 THEN -1 ELSE base + kind END AS kind)
FROM read_parquet([
  '/it''s/here/01J00000000000000000000002/series.parquet',
  '/it''s/here/01J00000000000000000000003.000.a/series.parquet',
  '/it''s/here/01J00000000000000000000003.001.b/series.parquet'], filename = true)
JOIN blocks ON block = parse_path(filename)[-2];
CREATE OR REPLACE VIEW frames AS
SELECT * EXCLUDE (base, filename) REPLACE (
  CASE WHEN location < 0 THEN -1 ELSE base + location END AS location)
FROM read_parquet([
  '/it''s/here/01J00000000000000000000002/frames.parquet',
  '/it''s/here/01J00000000000000000000003.000.a/frames.parquet',
  '/it''s/here/01J00000000000000000000003.001.b/frames.parquet'], filename = true)
JOIN blocks ON block = parse_path(filename)[-2];
CREATE OR REPLACE VIEW stacks AS
SELECT * EXCLUDE (base, filename) REPLACE (
  CASE WHEN stack < 0 THEN -1 ELSE base + stack END AS stack,
  CASE WHEN parent < 0 THEN -1 ELSE base + parent END AS parent,
  CASE WHEN location < 0 THEN -1 ELSE base + location END AS location)
FROM read_parquet([
  '/it''s/here/01J00000000000000000000002/stacks.parquet',
  '/it''s/here/01J00000000000000000000003.000.a/stacks.parquet',
  '/it''s/here/01J00000000000000000000003.001.b/stacks.parquet'], filename = true)
JOIN blocks ON block = parse_path(filename)[-2];
CREATE OR REPLACE VIEW profiles AS
SELECT * EXCLUDE (base, filename) REPLACE (
  CASE WHEN profile < 0 THEN -1 ELSE base + profile END AS profile,
  CASE WHEN kind < 0 THEN -1 ELSE base + kind END AS kind,
  CASE WHEN series < 0 THEN -1 ELSE base + series END AS series)
FROM read_parquet([
  '/it''s/here/01J00000000000000000000002/profiles.parquet',
  '/it''s/here/01J00000000000000000000003.000.a/profiles.parquet',
  '/it''s/here/01J00000000000000000000003.001.b/profiles.parquet'], filename = true)
JOIN blocks ON block = parse_path(filename)[-2]
QUALIFY split_part(block, '.', 1) = min(split_part(block, '.', 1)) OVER (PARTITION BY id);
CREATE OR REPLACE VIEW samples AS
SELECT * EXCLUDE (base, filename) REPLACE (
  CASE WHEN profile < 0 THEN -1 ELSE base + profile END AS profile,
  CASE WHEN stack < 0 THEN -1 ELSE base + stack END AS stack)
FROM read_parquet([
  '/it''s/here/01J00000000000000000000002/samples.parquet',
  '/it''s/here/01J00000000000000000000003.000.a/samples.parquet',
  '/it''s/here/01J00000000000000000000003.001.b/samples.parquet'], filename = true)
JOIN blocks ON block = parse_path(filename)[-2];
