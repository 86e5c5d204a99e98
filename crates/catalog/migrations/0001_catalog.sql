-- One text for SQLite and PostgreSQL: only TEXT and BIGINT, times in microseconds since 1970 UTC,
-- truth values as 0 and 1, documents as JSON text, secrets as sealed base64 text.

CREATE TABLE orgs (
    id                 TEXT   NOT NULL PRIMARY KEY,
    name               TEXT   NOT NULL CONSTRAINT orgs_name UNIQUE,
    instance_url       TEXT   NOT NULL,
    organization_type  TEXT,
    is_sandbox         BIGINT,
    auto_state         TEXT   NOT NULL,
    api_budget_percent BIGINT NOT NULL,
    connected_at       BIGINT NOT NULL
);

CREATE TABLE connections (
    org_id            TEXT   NOT NULL PRIMARY KEY REFERENCES orgs (id) ON DELETE CASCADE,
    sealed            TEXT   NOT NULL,
    status            TEXT   NOT NULL,
    status_message    TEXT,
    status_changed_at BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL
);

CREATE TABLE objects (
    org_id                 TEXT   NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    name                   TEXT   NOT NULL,
    phase                  TEXT   NOT NULL,
    method                 TEXT,
    stopped_reason         TEXT,
    watermark_us           BIGINT,
    live_records           BIGINT NOT NULL,
    remaining_records      BIGINT,
    last_captured_at       BIGINT,
    failing_since          BIGINT,
    attempts               BIGINT NOT NULL,
    next_try_at            BIGINT,
    error_code             TEXT,
    error_message          TEXT,
    schema_hash            TEXT,
    describe_last_modified TEXT,
    first_seen_at          BIGINT NOT NULL,
    last_seen_at           BIGINT NOT NULL,
    PRIMARY KEY (org_id, name)
);

CREATE TABLE runs (
    id                   TEXT   NOT NULL PRIMARY KEY,
    org_id               TEXT   NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    started_by           TEXT   NOT NULL,
    status               TEXT   NOT NULL,
    started_at           BIGINT NOT NULL,
    finished_at          BIGINT,
    objects              BIGINT NOT NULL,
    new_versions         BIGINT NOT NULL,
    changed_versions     BIGINT NOT NULL,
    deleted_versions     BIGINT NOT NULL,
    undeleted_versions   BIGINT NOT NULL,
    unchanged_records    BIGINT NOT NULL,
    bytes                BIGINT NOT NULL,
    api_calls            BIGINT NOT NULL,
    files_stored         BIGINT NOT NULL,
    files_bytes          BIGINT NOT NULL,
    files_pending        BIGINT NOT NULL,
    files_failed         BIGINT NOT NULL,
    error_code           TEXT,
    error_message        TEXT
);
CREATE INDEX runs_of_org ON runs (org_id, id);

CREATE TABLE blocks (
    id                 TEXT   NOT NULL PRIMARY KEY,
    org_id             TEXT   NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    object             TEXT   NOT NULL,
    run_id             TEXT   NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    way                TEXT   NOT NULL,
    window_from_us     BIGINT,
    window_until_us    BIGINT,
    table_version      BIGINT,
    new_versions       BIGINT NOT NULL,
    changed_versions   BIGINT NOT NULL,
    deleted_versions   BIGINT NOT NULL,
    undeleted_versions BIGINT NOT NULL,
    unchanged_records  BIGINT NOT NULL,
    bytes              BIGINT NOT NULL,
    started_at         BIGINT NOT NULL,
    finished_at        BIGINT NOT NULL,
    error_code         TEXT,
    error_message      TEXT
);
CREATE INDEX blocks_of_object ON blocks (org_id, object, id);
CREATE INDEX blocks_of_run ON blocks (run_id, id);

CREATE TABLE errors (
    id          TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    object      TEXT,
    run_id      TEXT   REFERENCES runs (id) ON DELETE CASCADE,
    code        TEXT   NOT NULL,
    message     TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    resolved_at BIGINT
);
CREATE INDEX errors_of_run ON errors (run_id, id);
CREATE INDEX errors_of_org ON errors (org_id, resolved_at, id);

CREATE TABLE bulk_jobs (
    org_id          TEXT   NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    job_id          TEXT   NOT NULL,
    object          TEXT   NOT NULL,
    soql            TEXT   NOT NULL,
    window_from_us  BIGINT,
    window_until_us BIGINT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, job_id)
);

CREATE TABLE work_items (
    id            TEXT   NOT NULL PRIMARY KEY,
    queue         TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    dedupe_key    TEXT,
    input         TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    due_at        BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    owner         TEXT,
    lease_until   BIGINT,
    wanted_again  BIGINT NOT NULL,
    given_up_at   BIGINT,
    error_code    TEXT,
    error_message TEXT,
    CONSTRAINT work_items_once UNIQUE (queue, dedupe_key)
);
CREATE INDEX work_items_due ON work_items (queue, due_at, id);

CREATE TABLE leases (
    name        TEXT   NOT NULL PRIMARY KEY,
    owner       TEXT   NOT NULL,
    lease_until BIGINT NOT NULL
);

CREATE TABLE settings (
    name       TEXT   NOT NULL PRIMARY KEY,
    value      TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);
