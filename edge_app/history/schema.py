"""A history's tables, and how each kind of row enters them."""

from __future__ import annotations

from edge_app.history.rows import (
    AlertEnd,
    AlertMove,
    AlertRow,
    AvailabilityRow,
    EventRow,
    SummaryRow,
)

#: Rises when a table changes. Stored in the file's header, as `user_version`.
VERSION = 5

#: Tells a history from other SQLite files: "Mien", in the header's `application_id`.
APPLICATION_ID = 0x4D69656E

TABLES = (
    """CREATE TABLE event (
        id TEXT PRIMARY KEY, device TEXT NOT NULL, type TEXT NOT NULL, time_ms INTEGER NOT NULL,
        episode TEXT NOT NULL, model TEXT NOT NULL, is_historical INTEGER NOT NULL,
        emotion TEXT, previous TEXT, confidence REAL, duration_s REAL, emotions_s TEXT,
        valence REAL, arousal REAL, answer TEXT, reaction TEXT, cards TEXT
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX event_time ON event (time_ms)",
    # Without a key: after a device's clock was set back, two intervals may begin at the same time.
    """CREATE TABLE summary (
        device TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, faces INTEGER,
        emotions_s TEXT, minimum_group INTEGER NOT NULL, withheld INTEGER NOT NULL,
        valence REAL, arousal REAL, watched_s REAL, model TEXT, answer TEXT, reaction TEXT,
        cards TEXT
    ) STRICT""",
    "CREATE INDEX summary_start ON summary (device, start_ms)",
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
    # One row a stretch of listening: outside of these nothing is known.
    """CREATE TABLE recording (
        number INTEGER PRIMARY KEY, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
        refused INTEGER NOT NULL
    ) STRICT""",
)

#: From which stretch on the first word of each device is kept; before, changes alone were. An older
#: Mien passes over this table, and the report calls what it records afterwards not known.
FIRST_WORDS = (
    "CREATE TABLE IF NOT EXISTS first_words (since_recording INTEGER NOT NULL) STRICT",
    "INSERT INTO first_words SELECT :recording WHERE NOT EXISTS (SELECT 1 FROM first_words)",
)

#: The name under which a broker keeps what nobody recorded yet, and the inode of the file that has
#: it: a copy is another recorder's, which needs a name of its own. An older Mien passes over it.
SUBSCRIBER = (
    "CREATE TABLE IF NOT EXISTS subscriber (name TEXT NOT NULL, inode INTEGER NOT NULL) STRICT",
    "DELETE FROM subscriber WHERE inode <> :inode",
    "INSERT INTO subscriber SELECT :name, :inode WHERE NOT EXISTS (SELECT 1 FROM subscriber)",
)

#: Version → what makes the next one of it; what was not recorded is null.
MIGRATIONS = {
    1: (
        "ALTER TABLE event ADD COLUMN valence REAL",
        "ALTER TABLE event ADD COLUMN arousal REAL",
        "ALTER TABLE summary ADD COLUMN valence REAL",
        "ALTER TABLE summary ADD COLUMN arousal REAL",
    ),
    2: (
        "ALTER TABLE summary RENAME TO summary_with_key",
        """CREATE TABLE summary (
            device TEXT NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,
            faces INTEGER, emotions_s TEXT, minimum_group INTEGER NOT NULL,
            withheld INTEGER NOT NULL, valence REAL, arousal REAL
        ) STRICT""",
        "CREATE INDEX summary_start ON summary (device, start_ms)",
        "INSERT INTO summary SELECT * FROM summary_with_key",
        "DROP TABLE summary_with_key",
    ),
    3: (
        "ALTER TABLE event ADD COLUMN answer TEXT",
        "ALTER TABLE event ADD COLUMN reaction TEXT",
        "ALTER TABLE summary ADD COLUMN watched_s REAL",
        "ALTER TABLE summary ADD COLUMN model TEXT",
        "ALTER TABLE summary ADD COLUMN answer TEXT",
        "ALTER TABLE summary ADD COLUMN reaction TEXT",
    ),
    4: (
        "ALTER TABLE event ADD COLUMN cards TEXT",
        "ALTER TABLE summary ADD COLUMN cards TEXT",
    ),
}

#: Table and column → the first version that has it, where that is not the first of all.
SINCE = {
    **{(table, column): 2 for table in ("event", "summary") for column in ("valence", "arousal")},
    **{("event", column): 4 for column in ("answer", "reaction")},
    **{("summary", column): 4 for column in ("watched_s", "model", "answer", "reaction")},
    **{(table, "cards"): 5 for table in ("event", "summary")},
}

#: Row → how it enters. What is there already stays: a message that comes twice counts once.
INSERT = {
    EventRow: """INSERT OR IGNORE INTO event
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
    # The same only if it says the same: of two that begin at the same time, both count.
    SummaryRow: """INSERT INTO summary
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
        WHERE NOT EXISTS (
            SELECT 1 FROM summary WHERE device = ?1 AND start_ms = ?2 AND end_ms = ?3
            AND faces IS ?4 AND emotions_s IS ?5 AND minimum_group = ?6 AND withheld = ?7
            AND valence IS ?8 AND arousal IS ?9 AND watched_s IS ?10
            AND model IS ?11 AND answer IS ?12 AND reaction IS ?13 AND cards IS ?14)""",
    # The first word of a stretch, after row ?4, and then only a change: what was before the stretch
    # says nothing of it, as a broker may have kept nothing to say again.
    AvailabilityRow: """INSERT INTO availability (device, time_ms, is_online)
        SELECT ?1, ?2, ?3 WHERE ?3 IS NOT (
            SELECT is_online FROM availability WHERE device = ?1 AND number > ?4
            ORDER BY number DESC LIMIT 1)""",
    AlertRow: """INSERT INTO alert (device, id, since_ms, severity, text) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET severity = excluded.severity, text = excluded.text""",
    AlertMove: """UPDATE OR REPLACE alert SET since_ms = ?
        WHERE device = ? AND id = ? AND since_ms = ? AND end_ms IS NULL""",
    AlertEnd: """UPDATE alert SET end_ms = ? WHERE device = ? AND id = ? AND since_ms = ?
        AND end_ms IS NULL""",
}

#: Where a stretch begins on the connection of the one before, nobody says the first words again.
CARRY = """INSERT INTO availability (device, time_ms, is_online)
    SELECT device, :start_ms, is_online FROM availability WHERE number IN (
        SELECT MAX(number) FROM availability WHERE number > :before GROUP BY device)"""

DAY_MS = 86_400_000

#: What is older than `before_ms` goes; of availability the last change before it stays, as it still
#: says what a device was then. The stretch that is being recorded stays, whatever a clock said of
#: its end.
FORGET = (
    "DELETE FROM event WHERE time_ms < :before_ms",
    "DELETE FROM summary WHERE end_ms < :before_ms",
    """DELETE FROM availability WHERE time_ms < :before_ms AND number NOT IN (
        SELECT MAX(number) FROM availability WHERE time_ms < :before_ms GROUP BY device)""",
    "DELETE FROM recording WHERE end_ms < :before_ms AND number <> :recording",
)

#: Of alerts, those that are known to be on are spared. Another one without an end goes by its
#: beginning: its end may never come.
OLD_ALERTS = "SELECT device, id, since_ms FROM alert WHERE COALESCE(end_ms, since_ms) < :before_ms"
FORGET_ALERT = "DELETE FROM alert WHERE device = ? AND id = ? AND since_ms = ?"
