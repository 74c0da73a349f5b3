.bail on
-- For a file of an older fleet.sql, whose events have no valence and arousal; stored ones stay without.
-- Once, while Node-RED is stopped and before it starts with this flows.json:
--   sqlite3 /var/lib/mien-fleet/fleet.sqlite < add-affect.sql
-- A file that still lies in /var/lib/mien is moved first, as docs/history.md says.
BEGIN IMMEDIATE;
ALTER TABLE event ADD COLUMN valence REAL;
ALTER TABLE event ADD COLUMN arousal REAL;
COMMIT;
