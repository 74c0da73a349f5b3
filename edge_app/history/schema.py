"""A history's tables, and how each kind of row enters them."""

from __future__ import annotations

from edge_app.history.rows import AlertEnd, AlertRow, AvailabilityRow, EventRow, SummaryRow

#: Rises when a table changes. Stored in the file's header, as `user_version`.
VERSION = 2

#: Tells a history from other SQLite files: "Mien", in the header's `application_id`.
APPLICATION_ID = 0x4D69656E

TABLES = (
    """CREATE TABLE event (
        id TEXT PRIMARY KEY, device TEXT NOT NULL, type TEXT NOT NULL, time_ms INTEGER NOT NULL,
        episode TEXT NOT NULL, model TEXT NOT NULL, is_historical INTEGER NOT NULL,
        emotion TEXT, previous TEXT, confidence REAL, duration_s REAL, emotions_s TEXT,
        valence REAL, arousal REAL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX event_time ON event (time_ms)",
    """CREATE TABLE summary (
        device TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, faces INTEGER,
        emotions_s TEXT, minimum_group INTEGER NOT NULL, withheld INTEGER NOT NULL,
        valence REAL, arousal REAL,
        PRIMARY KEY (device, start_ms)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE availability (
        number INTEGER PRIMARY KEY, device TEXT NOT NULL, time_ms INTEGER NOT NULL,
        is_online INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX availability_device ON availability (device, number)",
    """CREATE TABLE alert (
        device TEXT NOT NULL, id TEXT NOT NULL, since_ms INTEGER NOT NULL, severity TEXT NOT NULL,
        text TEXT NOT NULL, end_ms INTEGER,
        PRIMARY KEY (device, id, since_ms)
    ) STRICT, WITHOUT ROWID""",
    # One row a run of the recorder: outside of these nothing is known.
    """CREATE TABLE recording (
        number INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
        refused INTEGER NOT NULL
    ) STRICT""",
)

#: Version → what makes the next one of it; what was not recorded is null.
MIGRATIONS = {
    1: (
        "ALTER TABLE event ADD COLUMN valence REAL",
        "ALTER TABLE event ADD COLUMN arousal REAL",
        "ALTER TABLE summary ADD COLUMN valence REAL",
        "ALTER TABLE summary ADD COLUMN arousal REAL",
    ),
}

#: Row → how it enters. What is there already stays: a message that comes twice counts once.
INSERT = {
    EventRow: "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    SummaryRow: "INSERT OR IGNORE INTO summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    # Only a change: at each connection the broker says again what it kept.
    AvailabilityRow: """INSERT INTO availability (device, time_ms, is_online)
        SELECT ?1, ?2, ?3 WHERE ?3 IS NOT (
            SELECT is_online FROM availability WHERE device = ?1 ORDER BY number DESC LIMIT 1)""",
    AlertRow: """INSERT INTO alert (device, id, since_ms, severity, text) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET severity = excluded.severity, text = excluded.text""",
    AlertEnd: "UPDATE alert SET end_ms = ? WHERE device = ? AND id = ? AND end_ms IS NULL",
}

#: What is older than a time goes; of availability the last change before it stays, as it still
#: says what a device was then.
FORGET = (
    "DELETE FROM event WHERE time_ms < ?",
    "DELETE FROM summary WHERE end_ms < ?",
    "DELETE FROM alert WHERE end_ms < ?",
    """DELETE FROM availability WHERE time_ms < ? AND number NOT IN (
        SELECT MAX(number) FROM availability GROUP BY device)""",
    "DELETE FROM recording WHERE end_ms < ?",
)
