-- SPDX-License-Identifier: Apache-2.0
-- schema.sql: the state database, schema version 2 (PRAGMA user_version).
-- Times are wall clock milliseconds since 1970, 0 = never. The numbers of state, wanted,
-- reason and owner are those of NSX-QUARANTINE-MIB.

CREATE TABLE quarantine_case (
    id              INTEGER PRIMARY KEY,
    state           INTEGER NOT NULL CHECK (state BETWEEN 1 AND 9),
    wanted          INTEGER NOT NULL CHECK (wanted BETWEEN 1 AND 2),
    reason          INTEGER NOT NULL CHECK (reason BETWEEN 1 AND 12),
    owner           INTEGER NOT NULL CHECK (owner BETWEEN 1 AND 2),
    signals         INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    tag_writes      INTEGER NOT NULL,
    rungs           INTEGER NOT NULL,
    tag_time_ms     INTEGER NOT NULL,
    isolate_time_ms INTEGER NOT NULL,
    approved        INTEGER NOT NULL,
    detected_ms     INTEGER NOT NULL,
    changed_ms      INTEGER NOT NULL,
    deadline_ms     INTEGER NOT NULL,
    release_at_ms   INTEGER NOT NULL,
    admitted_ms     INTEGER NOT NULL,
    last_detected_ms INTEGER NOT NULL,
    identity        TEXT,
    name            TEXT,
    manager_name    TEXT,
    external_id     TEXT,
    host_name       TEXT,
    addresses       TEXT,
    reason_text     TEXT,
    trigger         TEXT,
    cause           TEXT,
    severity        TEXT,
    changed_by      TEXT,
    tag             TEXT,
    last_error      TEXT,
    comment         TEXT
) STRICT;

-- The evidence. slot 0 is the first signal of the case, the others are a ring.
CREATE TABLE signal (
    case_id     INTEGER NOT NULL REFERENCES quarantine_case (id) ON DELETE CASCADE,
    slot        INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    source      TEXT,
    trigger     TEXT,
    identity    TEXT,
    cause       TEXT,
    severity    TEXT,
    evidence    TEXT,
    PRIMARY KEY (case_id, slot)
) STRICT, WITHOUT ROWID;

-- Scalars: the mode that was set, the highest numbers of a case and of an entry of the audit
-- log, the counters of the MIB.
CREATE TABLE scalar (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Numbers of groups, rules and managers; quarantine/tally.h says who the owners are.
CREATE TABLE tally (
    owner TEXT NOT NULL,
    name  TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;

-- Traps that no trigger recognises, the newest of each kind; the slots bound their number.
CREATE TABLE unmatched (
    slot     INTEGER PRIMARY KEY CHECK (slot BETWEEN 0 AND 49),
    number   INTEGER NOT NULL,
    count    INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL,
    source   TEXT NOT NULL,
    trap_oid TEXT NOT NULL,
    text     TEXT NOT NULL
) STRICT;

-- What the governor let pass, in this order, and the governor itself.
CREATE TABLE admission (
    number    INTEGER PRIMARY KEY,
    case_id   INTEGER NOT NULL,
    rehearsed INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    cause     TEXT,
    owners    TEXT
) STRICT;

CREATE INDEX admission_at ON admission (at_ms);

CREATE TABLE governor (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
    changed_ms INTEGER NOT NULL,
    rearmed_ms INTEGER NOT NULL,
    reason     TEXT
) STRICT;

-- The audit log. What the hash is made of stands in chain.h. case_id 0: about no case.
CREATE TABLE log (
    number    INTEGER PRIMARY KEY,
    at_ms     INTEGER NOT NULL,
    case_id   INTEGER NOT NULL,
    kept_from INTEGER NOT NULL,
    event     TEXT NOT NULL,
    actor     TEXT NOT NULL,
    text      TEXT NOT NULL,
    evidence  TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;

-- The last entry that made room for new ones: the chain begins behind it.
CREATE TABLE log_pruned (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    hash   TEXT NOT NULL
) STRICT;

PRAGMA user_version = 2;
