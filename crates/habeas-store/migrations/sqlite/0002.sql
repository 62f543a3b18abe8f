-- What the organisation watches its parties by.

ALTER TABLE legs ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE legs ADD COLUMN trouble TEXT;
ALTER TABLE legs ADD COLUMN late_at INTEGER;

-- The request's own `promised_by`, for as long as that is open and not shredded; then NULL, and nobody is waited for
-- any more. Kept here so that what is late is found by one index over legs alone.
ALTER TABLE legs ADD COLUMN promised_by INTEGER;
UPDATE legs SET promised_by = (SELECT r.promised_by FROM requests r
    WHERE r.id = legs.request_id AND r.final_at IS NULL AND r.wrapped_key IS NOT NULL);
CREATE TRIGGER requests_watched AFTER UPDATE OF promised_by, final_at, wrapped_key ON requests
WHEN OLD.promised_by <> NEW.promised_by OR OLD.final_at IS NOT NEW.final_at OR OLD.wrapped_key IS NOT NEW.wrapped_key
BEGIN
    UPDATE legs SET promised_by = iif(NEW.final_at IS NULL AND NEW.wrapped_key IS NOT NULL, NEW.promised_by, NULL)
        WHERE request_id = NEW.id;
END;

-- Whether anything is still expected of the party.
ALTER TABLE legs ADD COLUMN open INTEGER GENERATED ALWAYS AS (state IN ('waiting', 'unsent')
    OR (state = 'sent' AND progress NOT IN ('fulfilled', 'cancelled', 'denied', 'expired'))) VIRTUAL;
-- The date it gave, or else that of the request.
ALTER TABLE legs ADD COLUMN answer_by INTEGER GENERATED ALWAYS AS (coalesce(expected_by, promised_by)) VIRTUAL;
-- After when the party is late; NULL where nobody waits for it.
ALTER TABLE legs ADD COLUMN late_after INTEGER
    GENERATED ALWAYS AS (iif(open AND promised_by IS NOT NULL, answer_by, NULL)) VIRTUAL;
ALTER TABLE legs ADD COLUMN noted INTEGER GENERATED ALWAYS AS (late_at IS NOT NULL) VIRTUAL;
-- Whether it waits for an operator.
ALTER TABLE legs ADD COLUMN stuck INTEGER GENERATED ALWAYS AS (promised_by IS NOT NULL AND trouble IS NOT NULL
    AND due_at IS NULL AND (open OR state = 'refused')) VIRTUAL;

CREATE INDEX legs_late ON legs (noted, late_after) WHERE late_after IS NOT NULL;
CREATE INDEX legs_stuck ON legs (stuck) WHERE stuck = 1;
CREATE INDEX legs_watched ON legs (answer_by, n, organisation, party) WHERE promised_by IS NOT NULL;

-- With the host, so that legs of crowded hosts are passed over without a look at their rows; and by host, so that one
-- seek passes over all that wait for the same.
DROP INDEX legs_due;
CREATE INDEX legs_due ON legs (due_at, host) WHERE due_at IS NOT NULL AND leased_until IS NULL;
CREATE INDEX legs_due_of_host ON legs (host, due_at) WHERE due_at IS NOT NULL AND leased_until IS NULL;
CREATE INDEX deliveries_due_of_host ON deliveries (host, due_at) WHERE state = 'due' AND head = 1;

-- The sender's own names for our requests: keyed digests, in the column where others keep their peer's key.
CREATE UNIQUE INDEX requests_reference ON requests (dedupe, organisation)
    WHERE dedupe IS NOT NULL AND upstream_party IS NULL;

-- Under one id a party is sent one request only.
CREATE INDEX legs_wire_id ON legs (wire_id, party);
