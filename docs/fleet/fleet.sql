-- What flows.json fills and dashboard.json reads. Once: sqlite3 /var/lib/mien-fleet/fleet.sqlite < fleet.sql,
-- in a folder of its own: /var/lib/mien is the daemon's, which goes when its package is purged.
-- The table `event` is that of `mien events --store`. A file without valence and arousal: add-affect.sql;
-- then, without answer and reaction: add-answer.sql; then, without cards: add-cards.sql; one whose telemetry must
-- have a frame rate, which the privacy mode `aggregates` leaves out: add-aggregates.sql.
-- Times: milliseconds since 1970, UTC.
PRAGMA journal_mode = WAL;

CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, device TEXT NOT NULL, type TEXT NOT NULL, time_ms INTEGER NOT NULL,
    episode TEXT NOT NULL, model TEXT NOT NULL, is_historical INTEGER NOT NULL,
    emotion TEXT, previous TEXT, confidence REAL, duration_s REAL, emotions_s TEXT,
    valence REAL, arousal REAL, answer TEXT, reaction TEXT, cards TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_time ON event (time_ms);

CREATE TABLE IF NOT EXISTS telemetry (
    device TEXT NOT NULL, time_ms INTEGER NOT NULL, uptime_s REAL NOT NULL,
    frames_per_second REAL, faces INTEGER, temperature_c REAL, cpu_share REAL,
    rss_bytes INTEGER NOT NULL, outbox_waiting INTEGER NOT NULL, outbox_dropped INTEGER NOT NULL,
    PRIMARY KEY (device, time_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS telemetry_time ON telemetry (time_ms);
