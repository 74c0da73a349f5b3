.bail on
-- For a file of an older fleet.sql, whose events do not say which answer of the model, with which reaction,
-- made them; stored ones stay without.
-- Once, after add-affect.sql if the file has no valence and arousal either, while Node-RED is stopped and
-- before it starts with this flows.json:
--   sqlite3 /var/lib/mien-fleet/fleet.sqlite < add-answer.sql
-- A file that still lies in /var/lib/mien is moved first, as docs/history.md says.
BEGIN IMMEDIATE;
ALTER TABLE event ADD COLUMN answer TEXT;
ALTER TABLE event ADD COLUMN reaction TEXT;
COMMIT;
