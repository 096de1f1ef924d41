-- The store: inbox, revisions, gate, outbox, cases, audit chains, permissions, vault.
-- Invariants live here, not in the code that talks to it. PostgreSQL 15 features only, no extensions.

-- Group roles. They cannot log in; a deployment gives each a login of its own (see docs/architecture.md, "Roles").
DO $roles$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'retail_ops_ingest', 'retail_ops_worker', 'retail_ops_gate', 'retail_ops_report', 'retail_ops_privacy'
    ]
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles AS r WHERE r.rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOINHERIT', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server made it at the same moment
            END;
        END IF;
    END LOOP;
END
$roles$;

CREATE SCHEMA ops;
REVOKE ALL ON SCHEMA ops FROM public;

CREATE FUNCTION ops.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '% must not change: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '42501';
END
$body$;

-- ---------------------------------------------------------------- deployment

CREATE TABLE ops.environment (
    singleton boolean NOT NULL DEFAULT true,
    name text NOT NULL,
    named_at timestamptz NOT NULL,
    CONSTRAINT environment_pk PRIMARY KEY (singleton),
    CONSTRAINT environment_one CHECK (singleton),
    CONSTRAINT environment_name CHECK (name IN ('demo', 'sandbox', 'production'))
);

CREATE TABLE ops.account (
    account text NOT NULL,
    channel text NOT NULL,
    added_at timestamptz NOT NULL,
    CONSTRAINT account_pk PRIMARY KEY (account),
    CONSTRAINT account_name CHECK (account ~ '^[a-z][a-z0-9]*(_[a-z0-9]+)*$' AND length(account) <= 40)
);

-- ---------------------------------------------------------------- vault

-- One row a person and account. Erasing a person empties `wrapped_key`: every message and item under it is unreadable.
CREATE TABLE ops.vault_subject (
    subject_id bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    pseudonym text NOT NULL,
    generation integer NOT NULL DEFAULT 1,
    wrapped_key bytea,
    legal_hold boolean NOT NULL DEFAULT false,
    purge_after timestamptz,
    created_at timestamptz NOT NULL,
    erased_at timestamptz,
    CONSTRAINT vault_subject_pk PRIMARY KEY (subject_id),
    CONSTRAINT vault_subject_account FOREIGN KEY (account) REFERENCES ops.account (account),
    CONSTRAINT vault_subject_once UNIQUE (account, pseudonym, generation),
    CONSTRAINT vault_subject_pseudonym CHECK (pseudonym ~ '^[0-9a-f]{32}$'),
    CONSTRAINT vault_subject_erased CHECK ((wrapped_key IS NULL) = (erased_at IS NOT NULL)),
    CONSTRAINT vault_subject_held CHECK (NOT legal_hold OR erased_at IS NULL)
);
CREATE TRIGGER vault_subject_stays_erased BEFORE UPDATE ON ops.vault_subject
FOR EACH ROW WHEN (old.erased_at IS NOT NULL) EXECUTE FUNCTION ops.refuse_change();

-- ---------------------------------------------------------------- inbox

-- The exact bytes, encrypted under a key of the message's own. That key is wrapped by the store's ring until the
-- subject is known, by the subject's key from then on.
CREATE TABLE ops.inbox_message (
    inbox_id bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    revision text NOT NULL,
    source_at timestamptz,
    body bytea,
    wrapped_key bytea,
    subject_id bigint,
    state text NOT NULL DEFAULT 'received',
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    CONSTRAINT inbox_message_pk PRIMARY KEY (inbox_id),
    CONSTRAINT inbox_message_once UNIQUE (account, kind, external_id, revision),
    CONSTRAINT inbox_message_account FOREIGN KEY (account) REFERENCES ops.account (account),
    CONSTRAINT inbox_message_subject FOREIGN KEY (subject_id) REFERENCES ops.vault_subject (subject_id),
    CONSTRAINT inbox_message_state CHECK (state IN ('received', 'staged', 'unchanged', 'outdated', 'failed', 'erased')),
    CONSTRAINT inbox_message_revision CHECK (revision ~ '^[0-9a-f]{32}$'),
    CONSTRAINT inbox_message_key CHECK ((body IS NULL) = (wrapped_key IS NULL)),
    CONSTRAINT inbox_message_kept CHECK (body IS NOT NULL OR state = 'erased')
);
CREATE INDEX inbox_message_work ON ops.inbox_message (account, kind, inbox_id) WHERE state = 'received';
CREATE INDEX inbox_message_by_subject ON ops.inbox_message (subject_id);

CREATE TABLE ops.vault_item (
    inbox_id bigint NOT NULL,
    subject_id bigint NOT NULL,
    ciphertext bytea NOT NULL,
    stored_at timestamptz NOT NULL,
    CONSTRAINT vault_item_pk PRIMARY KEY (inbox_id),
    CONSTRAINT vault_item_message FOREIGN KEY (inbox_id) REFERENCES ops.inbox_message (inbox_id),
    CONSTRAINT vault_item_subject FOREIGN KEY (subject_id) REFERENCES ops.vault_subject (subject_id)
);
CREATE INDEX vault_item_by_subject ON ops.vault_item (subject_id);

-- What is left of an erased person are tombstones: the same bytes, seen again, are known and not kept again.
CREATE FUNCTION ops.erase_with_subject() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    DELETE FROM ops.vault_item AS v WHERE v.subject_id = NEW.subject_id;
    UPDATE ops.inbox_message AS m SET state = 'erased', body = NULL, wrapped_key = NULL
    WHERE m.subject_id = NEW.subject_id;
    RETURN NULL;
END
$body$;
CREATE TRIGGER vault_subject_erases AFTER UPDATE ON ops.vault_subject
FOR EACH ROW WHEN (old.erased_at IS NULL AND new.erased_at IS NOT NULL) EXECUTE FUNCTION ops.erase_with_subject();

-- ---------------------------------------------------------------- entities and their revisions

-- One row a governed thing: its newest revision, what was published of it, and where it stands.
CREATE TABLE ops.entity (
    account text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    number text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL DEFAULT '',
    newest_revision_id bigint,
    published_revision_id bigint,
    erp_reference text,
    changed_at timestamptz NOT NULL,
    CONSTRAINT entity_pk PRIMARY KEY (account, kind, external_id),
    CONSTRAINT entity_account FOREIGN KEY (account) REFERENCES ops.account (account),
    CONSTRAINT entity_state CHECK (
        state IN (
            'staged', 'ignored', 'quarantined', 'quotation', 'held', 'review', 'released', 'cancelled', 'conflict'
        )
    )
);
CREATE INDEX entity_by_number ON ops.entity (number);
CREATE INDEX entity_by_state ON ops.entity (account, kind, state);

CREATE TABLE ops.revision (
    revision_id bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    number integer NOT NULL,
    inbox_id bigint NOT NULL,
    source_at timestamptz NOT NULL,
    payload text NOT NULL,
    content_hash bytea NOT NULL,
    business_hash bytea NOT NULL,
    state text NOT NULL DEFAULT 'staged',
    staged_at timestamptz NOT NULL,
    CONSTRAINT revision_pk PRIMARY KEY (revision_id),
    CONSTRAINT revision_entity FOREIGN KEY (account, kind, external_id)
    REFERENCES ops.entity (account, kind, external_id),
    CONSTRAINT revision_message FOREIGN KEY (inbox_id) REFERENCES ops.inbox_message (inbox_id),
    CONSTRAINT revision_number UNIQUE (account, kind, external_id, number),
    CONSTRAINT revision_once UNIQUE (inbox_id),
    CONSTRAINT revision_covered UNIQUE (revision_id, content_hash),
    CONSTRAINT revision_owned UNIQUE (revision_id, account, kind, external_id, content_hash),
    CONSTRAINT revision_hash CHECK (content_hash = sha256(convert_to(payload, 'UTF8'))),
    CONSTRAINT revision_state CHECK (state IN ('staged', 'passed', 'quarantined'))
);

ALTER TABLE ops.entity
ADD CONSTRAINT entity_newest FOREIGN KEY (newest_revision_id) REFERENCES ops.revision (revision_id),
ADD CONSTRAINT entity_published FOREIGN KEY (published_revision_id) REFERENCES ops.revision (revision_id);

CREATE FUNCTION ops.revision_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (NEW.revision_id, NEW.account, NEW.kind, NEW.external_id, NEW.number, NEW.inbox_id, NEW.source_at,
        NEW.payload, NEW.content_hash, NEW.business_hash, NEW.staged_at)
       IS DISTINCT FROM
       (OLD.revision_id, OLD.account, OLD.kind, OLD.external_id, OLD.number, OLD.inbox_id, OLD.source_at,
        OLD.payload, OLD.content_hash, OLD.business_hash, OLD.staged_at)
    THEN
        RAISE EXCEPTION 'a revision is immutable: revision %', OLD.revision_id USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER revision_immutable BEFORE UPDATE ON ops.revision
FOR EACH ROW EXECUTE FUNCTION ops.revision_is_immutable();

-- ---------------------------------------------------------------- batches and the gate

-- What was staged together. The totals are counted while staging; the gate counts again from the stored text.
CREATE TABLE ops.batch (
    batch_id bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT batch_pk PRIMARY KEY (batch_id),
    CONSTRAINT batch_account FOREIGN KEY (account) REFERENCES ops.account (account),
    CONSTRAINT batch_state CHECK (state IN ('open', 'judged', 'blocked'))
);
CREATE INDEX batch_open ON ops.batch (account, kind, batch_id) WHERE state = 'open';

CREATE TABLE ops.batch_total (
    batch_id bigint NOT NULL,
    currency char(3) NOT NULL,
    staged_count integer NOT NULL,
    staged_minor bigint NOT NULL,
    CONSTRAINT batch_total_pk PRIMARY KEY (batch_id, currency),
    CONSTRAINT batch_total_batch FOREIGN KEY (batch_id) REFERENCES ops.batch (batch_id)
);

CREATE TABLE ops.batch_item (
    batch_id bigint NOT NULL,
    revision_id bigint NOT NULL,
    CONSTRAINT batch_item_pk PRIMARY KEY (batch_id, revision_id),
    CONSTRAINT batch_item_batch FOREIGN KEY (batch_id) REFERENCES ops.batch (batch_id),
    CONSTRAINT batch_item_revision FOREIGN KEY (revision_id) REFERENCES ops.revision (revision_id)
);
CREATE INDEX batch_item_by_revision ON ops.batch_item (revision_id);

CREATE TABLE ops.gate_run (
    gate_run_id bigint GENERATED ALWAYS AS IDENTITY,
    batch_id bigint NOT NULL,
    gate text NOT NULL,
    suite_hash bytea NOT NULL,
    outcome text NOT NULL,
    checked_count integer NOT NULL,
    failed_count integer NOT NULL,
    findings jsonb NOT NULL,
    finished_at timestamptz NOT NULL,
    CONSTRAINT gate_run_pk PRIMARY KEY (gate_run_id),
    CONSTRAINT gate_run_batch FOREIGN KEY (batch_id) REFERENCES ops.batch (batch_id),
    CONSTRAINT gate_run_once UNIQUE (batch_id, gate),
    CONSTRAINT gate_run_covered UNIQUE (gate_run_id, gate, outcome),
    CONSTRAINT gate_run_outcome CHECK (outcome IN ('passed', 'quarantined', 'blocked'))
);
CREATE TRIGGER gate_run_no_change BEFORE UPDATE OR DELETE ON ops.gate_run
FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

-- A blocked run cannot pass a single row: the outcome of the run is part of the key that a verdict refers to.
CREATE TABLE ops.verdict (
    verdict_id bigint GENERATED ALWAYS AS IDENTITY,
    gate_run_id bigint NOT NULL,
    gate text NOT NULL,
    run_outcome text NOT NULL,
    revision_id bigint NOT NULL,
    content_hash bytea NOT NULL,
    outcome text NOT NULL,
    CONSTRAINT verdict_pk PRIMARY KEY (verdict_id),
    CONSTRAINT verdict_run FOREIGN KEY (gate_run_id, gate, run_outcome)
    REFERENCES ops.gate_run (gate_run_id, gate, outcome),
    CONSTRAINT verdict_revision FOREIGN KEY (revision_id, content_hash)
    REFERENCES ops.revision (revision_id, content_hash),
    CONSTRAINT verdict_once UNIQUE (gate_run_id, revision_id),
    CONSTRAINT verdict_covers UNIQUE (verdict_id, revision_id, content_hash, gate, outcome),
    CONSTRAINT verdict_outcome CHECK (outcome IN ('passed', 'failed')),
    CONSTRAINT verdict_not_blocked CHECK (outcome = 'failed' OR run_outcome <> 'blocked')
);
CREATE INDEX verdict_by_revision ON ops.verdict (revision_id);
CREATE TRIGGER verdict_no_change BEFORE UPDATE OR DELETE ON ops.verdict
FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

-- ---------------------------------------------------------------- idempotency and the outbox

-- Business identities that were used, and for what. Outlives the outbox row that used it.
CREATE TABLE ops.idempotency_key (
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    receipt jsonb,
    used_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT idempotency_key_pk PRIMARY KEY (key)
);

-- Every kind of publish, and the gate that must have passed the revision that it publishes.
CREATE TABLE ops.publish_action (
    action text NOT NULL,
    gate text NOT NULL,
    CONSTRAINT publish_action_pk PRIMARY KEY (action),
    CONSTRAINT publish_action_gate UNIQUE (action, gate)
);
INSERT INTO ops.publish_action (action, gate)
VALUES ('order.publish', 'orders/publish'), ('order.confirm', 'orders/publish'), ('order.cancel', 'orders/publish');

CREATE TABLE ops.outbox (
    outbox_id bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    revision_id bigint NOT NULL,
    content_hash bytea NOT NULL,
    destination text NOT NULL,
    action text NOT NULL,
    gate text NOT NULL,
    idempotency_key text NOT NULL,
    verdict_id bigint,
    verdict_outcome text,
    status text NOT NULL DEFAULT 'waiting',
    priority smallint NOT NULL DEFAULT 50,
    attempt integer NOT NULL DEFAULT 0,
    crashes integer NOT NULL DEFAULT 0,
    worker_id bigint,
    lease_until timestamptz,
    next_at timestamptz NOT NULL,
    last_error text,
    receipt jsonb,
    enqueued_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT outbox_pk PRIMARY KEY (outbox_id),
    CONSTRAINT outbox_key_once UNIQUE (idempotency_key),
    CONSTRAINT outbox_key FOREIGN KEY (idempotency_key) REFERENCES ops.idempotency_key (key),
    CONSTRAINT outbox_revision FOREIGN KEY (revision_id, account, kind, external_id, content_hash)
    REFERENCES ops.revision (revision_id, account, kind, external_id, content_hash),
    CONSTRAINT outbox_action FOREIGN KEY (action, gate) REFERENCES ops.publish_action (action, gate),
    CONSTRAINT outbox_verdict FOREIGN KEY (verdict_id, revision_id, content_hash, gate, verdict_outcome)
    REFERENCES ops.verdict (verdict_id, revision_id, content_hash, gate, outcome),
    -- Both or neither: a foreign key with a null in it is not checked.
    CONSTRAINT outbox_verdict_whole CHECK ((verdict_id IS NULL) = (verdict_outcome IS NULL)),
    CONSTRAINT outbox_verdict_passed CHECK (verdict_outcome = 'passed'),
    CONSTRAINT outbox_status CHECK (status IN ('waiting', 'ready', 'running', 'done', 'parked', 'superseded')),
    CONSTRAINT outbox_gated CHECK (status IN ('waiting', 'superseded') OR verdict_id IS NOT NULL),
    CONSTRAINT outbox_claimed CHECK (
        (status = 'running') = (worker_id IS NOT NULL) AND (status = 'running') = (lease_until IS NOT NULL)
    ),
    CONSTRAINT outbox_settled CHECK ((status IN ('done', 'superseded')) = (settled_at IS NOT NULL))
);
CREATE INDEX outbox_claimable ON ops.outbox (account, priority, next_at, outbox_id)
WHERE status IN ('ready', 'running');
CREATE INDEX outbox_by_entity ON ops.outbox (account, kind, external_id, outbox_id);
CREATE INDEX outbox_by_revision ON ops.outbox (revision_id);
-- Commands of one entity never overlap.
CREATE UNIQUE INDEX outbox_one_running ON ops.outbox (account, kind, external_id) WHERE status = 'running';

-- What a command is, and by which verdict it goes, is said once; what is settled stays settled.
CREATE FUNCTION ops.command_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF (NEW.outbox_id, NEW.account, NEW.kind, NEW.external_id, NEW.revision_id, NEW.content_hash, NEW.destination,
        NEW.action, NEW.gate, NEW.idempotency_key, NEW.enqueued_at)
       IS DISTINCT FROM
       (OLD.outbox_id, OLD.account, OLD.kind, OLD.external_id, OLD.revision_id, OLD.content_hash, OLD.destination,
        OLD.action, OLD.gate, OLD.idempotency_key, OLD.enqueued_at)
       OR (OLD.verdict_id IS NOT NULL AND NEW.verdict_id IS DISTINCT FROM OLD.verdict_id)
    THEN
        RAISE EXCEPTION 'a command is immutable: command %', OLD.outbox_id USING ERRCODE = '42501';
    END IF;
    IF OLD.status IN ('done', 'superseded') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'a settled command is final: command %', OLD.outbox_id USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER outbox_immutable BEFORE UPDATE ON ops.outbox
FOR EACH ROW EXECUTE FUNCTION ops.command_is_immutable();

CREATE SEQUENCE ops.worker_id AS bigint;

-- A person let one revision past one routing rule. Bound to the revision: a newer one is asked for again.
CREATE TABLE ops.release (
    release_id bigint GENERATED ALWAYS AS IDENTITY,
    revision_id bigint NOT NULL,
    rule text NOT NULL,
    principal text NOT NULL,
    released_at timestamptz NOT NULL,
    CONSTRAINT release_pk PRIMARY KEY (release_id),
    CONSTRAINT release_revision FOREIGN KEY (revision_id) REFERENCES ops.revision (revision_id),
    CONSTRAINT release_once UNIQUE (revision_id, rule)
);

-- ---------------------------------------------------------------- cursors, bindings, limits

CREATE TABLE ops.cursor (
    account text NOT NULL,
    stream text NOT NULL,
    position_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    CONSTRAINT cursor_pk PRIMARY KEY (account, stream),
    CONSTRAINT cursor_account FOREIGN KEY (account) REFERENCES ops.account (account)
);

CREATE FUNCTION ops.cursor_never_goes_back() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NEW.position_at < OLD.position_at THEN
        RAISE EXCEPTION 'cursor %/% would go back from % to %', OLD.account, OLD.stream, OLD.position_at, NEW.position_at
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER cursor_forward BEFORE UPDATE ON ops.cursor
FOR EACH ROW EXECUTE FUNCTION ops.cursor_never_goes_back();

-- The binder: which remote record stands for which of ours. A cache with a source of truth elsewhere.
CREATE TABLE ops.binding (
    scope text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    remote_id text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}'::jsonb,
    read_at timestamptz NOT NULL,
    CONSTRAINT binding_pk PRIMARY KEY (scope, kind, external_id)
);

-- Token buckets shared by all workers; `capacity` and `rate_per_s` adopt what the server reports.
CREATE TABLE ops.rate_bucket (
    account text NOT NULL,
    operation text NOT NULL,
    tokens double precision NOT NULL,
    capacity double precision NOT NULL,
    rate_per_s double precision NOT NULL,
    refilled_at timestamptz NOT NULL,
    CONSTRAINT rate_bucket_pk PRIMARY KEY (account, operation),
    CONSTRAINT rate_bucket_positive CHECK (capacity > 0 AND rate_per_s > 0)
);

-- ---------------------------------------------------------------- cases

CREATE TABLE ops.case_file (
    case_id bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    number text NOT NULL DEFAULT '',
    class text NOT NULL,
    code text NOT NULL,
    field text NOT NULL DEFAULT '',
    detail text NOT NULL,
    owner text NOT NULL,
    value_minor bigint,
    currency char(3),
    inbox_id bigint,
    revision_id bigint,
    outbox_id bigint,
    state text NOT NULL DEFAULT 'open',
    opened_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT case_file_pk PRIMARY KEY (case_id),
    CONSTRAINT case_file_account FOREIGN KEY (account) REFERENCES ops.account (account),
    CONSTRAINT case_file_class CHECK (class IN ('data', 'gate', 'mapping', 'conflict', 'routing', 'poison')),
    CONSTRAINT case_file_state CHECK (state IN ('open', 'closed')),
    CONSTRAINT case_file_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT case_file_value CHECK ((value_minor IS NULL) = (currency IS NULL))
);
-- The same trouble of the same thing is one open case, however often it is met.
CREATE UNIQUE INDEX case_file_open_once ON ops.case_file (account, kind, external_id, code, field) WHERE state = 'open';

CREATE TABLE ops.case_event (
    case_event_id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    detail text NOT NULL DEFAULT '',
    CONSTRAINT case_event_pk PRIMARY KEY (case_event_id),
    CONSTRAINT case_event_case FOREIGN KEY (case_id) REFERENCES ops.case_file (case_id)
);
CREATE INDEX case_event_by_case ON ops.case_event (case_id, case_event_id);

-- ---------------------------------------------------------------- permissions

CREATE TABLE ops.permission (
    permission text NOT NULL,
    CONSTRAINT permission_pk PRIMARY KEY (permission)
);
CREATE TABLE ops.role_permission (
    role text NOT NULL,
    permission text NOT NULL,
    CONSTRAINT role_permission_pk PRIMARY KEY (role, permission),
    CONSTRAINT role_permission_known FOREIGN KEY (permission) REFERENCES ops.permission (permission)
);
CREATE TABLE ops.role_member (
    principal text NOT NULL,
    role text NOT NULL,
    CONSTRAINT role_member_pk PRIMARY KEY (principal, role)
);

-- ---------------------------------------------------------------- audit chains

-- Append-only, one hash chain an account. No personal data. Written last in the transaction of the change.
CREATE TABLE ops.audit_entry (
    account text NOT NULL,
    seq bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    actor text NOT NULL,
    session text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    body jsonb NOT NULL,
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_entry_pk PRIMARY KEY (account, seq)
);
CREATE INDEX audit_entry_by_subject ON ops.audit_entry (account, subject, seq);
CREATE TABLE ops.audit_head (
    account text NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_head_pk PRIMARY KEY (account)
);

CREATE FUNCTION ops.audit_hash(
    p_prev bytea, p_account text, p_seq bigint, p_at timestamptz, p_actor text, p_session text, p_action text,
    p_subject text, p_body jsonb
) RETURNS bytea LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $body$
    SELECT sha256(p_prev || convert_to(jsonb_build_array(
        p_account, p_seq, extract(epoch FROM p_at), p_actor, p_session, p_action, p_subject, p_body
    )::text, 'UTF8'))
$body$;

-- `pg_temp` is named last: unnamed it comes first, and a caller's own type `bytea` would run its code as the owner.
CREATE FUNCTION ops.audit_append(
    p_account text, p_actor text, p_action text, p_subject text, p_body jsonb, p_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    head ops.audit_head;
    next_seq bigint;
    next_hash bytea;
BEGIN
    INSERT INTO ops.audit_head (account, seq, hash) VALUES (p_account, 0, '\x00') ON CONFLICT DO NOTHING;
    SELECT h.* INTO STRICT head FROM ops.audit_head AS h WHERE h.account = p_account FOR UPDATE;
    next_seq := head.seq + 1;
    next_hash := ops.audit_hash(
        head.hash, p_account, next_seq, p_at, p_actor, session_user::text, p_action, p_subject, p_body
    );
    INSERT INTO ops.audit_entry (account, seq, happened_at, actor, session, action, subject, body, prev, hash)
    VALUES (
        p_account, next_seq, p_at, p_actor, session_user::text, p_action, p_subject, p_body, head.hash, next_hash
    );
    UPDATE ops.audit_head SET seq = next_seq, hash = next_hash WHERE account = p_account;
    RETURN next_seq;
END
$body$;
REVOKE ALL ON FUNCTION ops.audit_append(text, text, text, text, jsonb, timestamptz) FROM public;

CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON ops.audit_entry
FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON ops.audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Every entry whose hash, link or number is wrong, and every chain whose head is missing or is not its last entry.
CREATE VIEW ops.audit_broken AS
WITH chain AS (
    SELECT
        e.*,
        lag(e.hash, 1, '\x00'::bytea) OVER w AS prev_hash,
        lag(e.seq, 1, 0::bigint) OVER w AS prev_seq
    FROM ops.audit_entry AS e
    WINDOW w AS (PARTITION BY e.account ORDER BY e.seq)
),

tail AS (
    SELECT DISTINCT ON (e.account) e.account, e.seq, e.hash
    FROM ops.audit_entry AS e
    ORDER BY e.account ASC, e.seq DESC
)

SELECT c.account, c.seq, 'entry' AS broken
FROM chain AS c
WHERE
    c.prev <> c.prev_hash
    OR c.seq <> c.prev_seq + 1
    OR c.hash <> ops.audit_hash(
        c.prev_hash, c.account, c.seq, c.happened_at, c.actor, c.session, c.action, c.subject, c.body
    )
UNION ALL
SELECT coalesce(h.account, t.account) AS account, coalesce(h.seq, t.seq) AS seq, 'head' AS broken
FROM ops.audit_head AS h
FULL JOIN tail AS t ON h.account = t.account
WHERE h.seq IS DISTINCT FROM t.seq OR h.hash IS DISTINCT FROM t.hash;

-- ---------------------------------------------------------------- rights

GRANT USAGE ON SCHEMA ops
TO retail_ops_ingest, retail_ops_worker, retail_ops_gate, retail_ops_report, retail_ops_privacy;

-- No column that says what became of a message: what comes in is received, nothing else.
GRANT INSERT (account, kind, external_id, revision, source_at, body, wrapped_key, received_at)
ON ops.inbox_message TO retail_ops_ingest;

GRANT SELECT ON ALL TABLES IN SCHEMA ops TO retail_ops_worker;
GRANT INSERT ON ops.vault_subject, ops.inbox_message, ops.vault_item, ops.entity,
ops.revision, ops.batch, ops.batch_total, ops.batch_item, ops.idempotency_key, ops.outbox, ops.release, ops.cursor,
ops.binding, ops.rate_bucket, ops.case_file, ops.case_event TO retail_ops_worker;
GRANT UPDATE (state, source_at, wrapped_key, subject_id, handled_at) ON ops.inbox_message TO retail_ops_worker;
-- Also what lets a worker lock a subject against erasure while it uses the subject's key.
GRANT UPDATE (purge_after) ON ops.vault_subject TO retail_ops_worker;
GRANT UPDATE (number, state, reason, newest_revision_id, published_revision_id, erp_reference, changed_at)
ON ops.entity TO retail_ops_worker;
GRANT UPDATE (state) ON ops.revision TO retail_ops_worker;
GRANT UPDATE (status, priority, attempt, crashes, worker_id, lease_until, next_at, last_error, receipt, settled_at)
ON ops.outbox TO retail_ops_worker;
GRANT UPDATE (receipt, settled_at) ON ops.idempotency_key TO retail_ops_worker;
GRANT UPDATE ON ops.cursor, ops.binding, ops.rate_bucket TO retail_ops_worker;
GRANT UPDATE (state, closed_at, owner) ON ops.case_file TO retail_ops_worker;
GRANT USAGE ON SEQUENCE ops.worker_id TO retail_ops_worker;

-- The gate reads what is staged and says what it thinks of it; nobody else may insert a verdict.
GRANT SELECT ON ops.environment, ops.account, ops.entity, ops.revision, ops.batch, ops.batch_total, ops.batch_item,
ops.gate_run, ops.verdict, ops.outbox, ops.case_file TO retail_ops_gate;
GRANT INSERT ON ops.gate_run, ops.verdict, ops.case_file, ops.case_event TO retail_ops_gate;
GRANT UPDATE (state, closed_at) ON ops.batch TO retail_ops_gate;
GRANT UPDATE (state) ON ops.revision TO retail_ops_gate;
GRANT UPDATE (state, reason, changed_at) ON ops.entity TO retail_ops_gate;
GRANT UPDATE (verdict_id, verdict_outcome, status) ON ops.outbox TO retail_ops_gate;

GRANT SELECT ON ops.environment, ops.account, ops.entity, ops.batch, ops.batch_total, ops.gate_run, ops.verdict,
ops.outbox, ops.cursor, ops.case_file, ops.case_event, ops.audit_entry, ops.audit_head, ops.audit_broken
TO retail_ops_report;

GRANT SELECT ON ops.vault_subject, ops.vault_item, ops.inbox_message TO retail_ops_privacy;
GRANT UPDATE (wrapped_key, legal_hold, purge_after, erased_at) ON ops.vault_subject TO retail_ops_privacy;
GRANT UPDATE (state, body, wrapped_key) ON ops.inbox_message TO retail_ops_privacy;
GRANT DELETE ON ops.vault_item TO retail_ops_privacy;

GRANT EXECUTE ON FUNCTION ops.audit_append(text, text, text, text, jsonb, timestamptz)
TO retail_ops_worker, retail_ops_gate, retail_ops_privacy;
