-- What habeas keeps. Times are milliseconds since 1970, ids are text. Blobs named `sealed`, `subject`, `callbacks`,
-- `body` and `frozen` are sealed with the request's data key and die with it; `signature`, `sha256` and receipts'
-- bodies are sealed with a key that outlives it.

CREATE TABLE requests (
    id               TEXT    NOT NULL PRIMARY KEY,
    organisation     TEXT    NOT NULL,
    role             TEXT    NOT NULL,
    upstream_party   TEXT,
    upstream_dialect TEXT,
    mount            TEXT,
    wire_id          TEXT    NOT NULL,
    dedupe           TEXT,                -- NULL where it is the wire_id
    body_mac         BLOB,
    rights           TEXT    NOT NULL,    -- separated by spaces
    regime           TEXT    NOT NULL,
    received_at      INTEGER NOT NULL,
    submitted_at     INTEGER,
    promised_by      INTEGER NOT NULL,
    hold_until       INTEGER NOT NULL,
    final_at         INTEGER,
    wrapped_key      BLOB,                -- NULL once shredded
    seq              INTEGER NOT NULL,    -- from here on as in the last of its events
    expected_by      INTEGER NOT NULL,
    state            TEXT    NOT NULL,
    reached          TEXT,
    ground           TEXT,
    sealed           BLOB,
    errand_at        INTEGER,
    shred_after      INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX requests_wire_id ON requests (wire_id, upstream_party, organisation)
    WHERE upstream_party IS NOT NULL;
CREATE UNIQUE INDEX requests_dedupe ON requests (dedupe, upstream_party, organisation) WHERE dedupe IS NOT NULL;
CREATE INDEX requests_open ON requests (expected_by) WHERE final_at IS NULL;
CREATE INDEX requests_closed ON requests (received_at) WHERE final_at IS NOT NULL;
CREATE INDEX requests_errand ON requests (errand_at) WHERE errand_at IS NOT NULL;
CREATE INDEX requests_shred ON requests (shred_after) WHERE shred_after IS NOT NULL AND wrapped_key IS NOT NULL;

CREATE TABLE request_secrets (
    request_id   TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    subject      BLOB NOT NULL,
    callbacks    BLOB,
    body         BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    request_id   TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    organisation TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    change       TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    expected_by  INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    reached      TEXT,
    ground       TEXT,
    sealed       BLOB,
    PRIMARY KEY (request_id, seq)
) STRICT, WITHOUT ROWID;

-- The signatures that we gave.
CREATE TABLE issued (
    request_id   TEXT    NOT NULL,
    mac          BLOB    NOT NULL,
    organisation TEXT    NOT NULL,
    n            INTEGER NOT NULL,
    signature    BLOB    NOT NULL,
    key_id       TEXT    NOT NULL,
    PRIMARY KEY (request_id, mac)
) STRICT, WITHOUT ROWID;

-- In every lane of a request exactly one open delivery has `head`: the leased one, or else the first. Only heads are
-- indexed by their time, so that what waits behind a failing delivery costs nothing.
CREATE TABLE deliveries (
    request_id   TEXT    NOT NULL,
    lane         INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    organisation TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    host         TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    head         INTEGER NOT NULL,
    replaced     INTEGER NOT NULL DEFAULT 0,  -- superseded while somebody had the lease
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    fence        INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER,
    PRIMARY KEY (request_id, lane, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (due_at, host) WHERE state = 'due' AND head = 1;
CREATE INDEX deliveries_leased ON deliveries (leased_until) WHERE state = 'leased';
CREATE INDEX deliveries_failing ON deliveries (request_id) WHERE attempts > 0 AND state IN ('due', 'leased');
CREATE INDEX deliveries_abandoned ON deliveries (request_id) WHERE state = 'abandoned';

CREATE TABLE attempts (
    request_id   TEXT    NOT NULL,
    lane         INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    organisation TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    took_ms      INTEGER NOT NULL,
    status       INTEGER,
    failure      TEXT,
    answer       BLOB,
    PRIMARY KEY (request_id, lane, seq, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE legs (
    n               INTEGER NOT NULL PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    request_id      TEXT    NOT NULL,
    organisation    TEXT    NOT NULL,
    party           TEXT    NOT NULL,
    dialect         TEXT    NOT NULL,
    right_name      TEXT    NOT NULL,
    wire_id         TEXT    NOT NULL,
    remote_id       TEXT,
    token_mac       BLOB    NOT NULL UNIQUE,
    accepted_at     INTEGER,
    state           TEXT    NOT NULL,
    progress        TEXT,
    ground          TEXT,
    status          INTEGER,
    cancel          TEXT    NOT NULL,
    expected_by     INTEGER,
    sealed          BLOB,
    frozen          BLOB,
    sent_mac        BLOB,
    revision        INTEGER NOT NULL DEFAULT 0,
    frozen_revision INTEGER,              -- the revision that freezing made
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          INTEGER,
    fence           INTEGER NOT NULL DEFAULT 0,
    leased_until    INTEGER,
    UNIQUE (request_id, party, right_name)
) STRICT;

CREATE INDEX legs_due ON legs (due_at) WHERE due_at IS NOT NULL AND leased_until IS NULL;
CREATE INDEX legs_leased ON legs (leased_until) WHERE due_at IS NOT NULL AND leased_until IS NOT NULL;

CREATE TABLE receipts (
    id           INTEGER NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    request_id   TEXT    NOT NULL,
    leg_id       TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    operation    TEXT    NOT NULL,
    signer       TEXT    NOT NULL,
    chain        BLOB    NOT NULL,
    sha256       BLOB    NOT NULL,
    signature    BLOB    NOT NULL,
    body         BLOB    NOT NULL,
    hole_at      INTEGER,
    hole_end     INTEGER
) STRICT;

CREATE INDEX receipts_request ON receipts (request_id);

-- Certificate chains by the SHA-256 of their PEM text; public, so shared by all organisations.
CREATE TABLE chains (
    fingerprint BLOB NOT NULL PRIMARY KEY,
    pem         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How many rows are in which state, kept by the triggers below, so that asking costs nothing.
CREATE TABLE tallies (
    organisation TEXT    NOT NULL,
    kind         TEXT    NOT NULL,        -- a delivery's kind or a request's role
    state        TEXT    NOT NULL,
    n            INTEGER NOT NULL,
    PRIMARY KEY (organisation, kind, state)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER requests_in AFTER INSERT ON requests BEGIN
    INSERT INTO tallies VALUES (NEW.organisation, NEW.role, NEW.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER requests_moved AFTER UPDATE OF state ON requests WHEN OLD.state <> NEW.state BEGIN
    UPDATE tallies SET n = n - 1 WHERE organisation = OLD.organisation AND kind = OLD.role AND state = OLD.state;
    INSERT INTO tallies VALUES (NEW.organisation, NEW.role, NEW.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER deliveries_in AFTER INSERT ON deliveries BEGIN
    INSERT INTO tallies VALUES (NEW.organisation, NEW.kind, NEW.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER deliveries_moved AFTER UPDATE OF state ON deliveries WHEN OLD.state <> NEW.state BEGIN
    UPDATE tallies SET n = n - 1 WHERE organisation = OLD.organisation AND kind = OLD.kind AND state = OLD.state;
    INSERT INTO tallies VALUES (NEW.organisation, NEW.kind, NEW.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

-- One row to write to, so that health can tell whether writing works.
CREATE TABLE pulse (
    one   INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO pulse VALUES (1, 0);
