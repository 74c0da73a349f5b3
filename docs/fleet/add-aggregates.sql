.bail on
-- For a file of an older fleet.sql, which takes no telemetry of the privacy mode `aggregates`.
-- Once, while Node-RED is stopped and before it starts with this flows.json:
--   sqlite3 /var/lib/mien-fleet/fleet.sqlite < add-aggregates.sql
-- A file that still lies in /var/lib/mien is moved first, as docs/history.md says.
-- `.bail on`: where the disk is full, sqlite3 would go on after the copy, and drop what was not copied.
BEGIN IMMEDIATE;
CREATE TABLE telemetry_new (
    device TEXT NOT NULL, time_ms INTEGER NOT NULL, uptime_s REAL NOT NULL,
    frames_per_second REAL, faces INTEGER, temperature_c REAL, cpu_share REAL,
    rss_bytes INTEGER NOT NULL, outbox_waiting INTEGER NOT NULL, outbox_dropped INTEGER NOT NULL,
    PRIMARY KEY (device, time_ms)
) STRICT, WITHOUT ROWID;
INSERT INTO telemetry_new SELECT * FROM telemetry;
DROP TABLE telemetry;
ALTER TABLE telemetry_new RENAME TO telemetry;
CREATE INDEX telemetry_time ON telemetry (time_ms);
COMMIT;
