.bail on
-- For a file of an older fleet.sql, whose events do not say by which cards of the models they were made; stored ones
-- stay without.
-- Once, after add-answer.sql if the file has no answer and reaction either, while Node-RED is stopped and
-- before it starts with this flows.json:
--   sqlite3 /var/lib/mien-fleet/fleet.sqlite < add-cards.sql
-- A file that still lies in /var/lib/mien is moved first, as docs/history.md says.
BEGIN IMMEDIATE;
ALTER TABLE event ADD COLUMN cards TEXT;
COMMIT;
