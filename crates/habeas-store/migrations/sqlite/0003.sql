-- What people's agents bring (DRP), and how the people are verified.

ALTER TABLE requests ADD COLUMN expires_at INTEGER;          -- when the results stop being there
ALTER TABLE requests ADD COLUMN expiry_first_set_at INTEGER; -- when that was first said

-- Of one request, legs of a higher stage wait for those of the lower ones: reads before erasures.
ALTER TABLE legs ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;

-- Each identity token is good for one sender and one organisation. Its digest covers its signature, so it tells nothing.
CREATE TABLE tokens_seen (
    digest       BLOB    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    party        TEXT    NOT NULL,
    at           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_seen_at ON tokens_seen (at);

-- Keyed digests of identities, by which a person is recognized who asks again; gone with the request's key.
CREATE TABLE blind_index (
    mac          BLOB    NOT NULL,
    organisation TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,
    request_id   TEXT    NOT NULL,
    PRIMARY KEY (mac, organisation, received_at, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blind_index_request ON blind_index (request_id);

-- How far a person is with proving who they are.
CREATE TABLE verifications (
    request_id   TEXT    NOT NULL PRIMARY KEY,
    organisation TEXT    NOT NULL,
    token_mac    BLOB    NOT NULL UNIQUE,     -- of the page's address
    revision     INTEGER NOT NULL DEFAULT 0,
    code_mac     BLOB,                        -- NULL while none is good
    code_until   INTEGER,
    tries        INTEGER NOT NULL DEFAULT 0,
    sendings     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
