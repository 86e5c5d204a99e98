-- Who may do what. Of every secret that somebody else holds (cookie, link, token, recovery code) only a hash is
-- kept; what Holdfast itself must know again (authenticator, pending sign-in) is sealed.

CREATE TABLE members (
    id              TEXT   NOT NULL PRIMARY KEY,
    email           TEXT   NOT NULL CONSTRAINT members_email UNIQUE,
    name            TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    kind            TEXT   NOT NULL,
    password        TEXT,
    totp_sealed     TEXT,
    totp_is_on      BIGINT NOT NULL,
    totp_last_step  BIGINT NOT NULL,
    identity_issuer TEXT,
    identity_subject TEXT,
    is_disabled     BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT,
    CONSTRAINT members_identity UNIQUE (identity_issuer, identity_subject)
);

CREATE TABLE recovery_codes (
    member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    hash      TEXT NOT NULL,
    PRIMARY KEY (member_id, hash)
);

CREATE TABLE sessions (
    id             TEXT   NOT NULL PRIMARY KEY,
    hash           TEXT   NOT NULL CONSTRAINT sessions_hash UNIQUE,
    member_id      TEXT   NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    way            TEXT   NOT NULL,
    is_complete    BIGINT NOT NULL,
    signed_in_at   BIGINT NOT NULL,
    last_seen_at   BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    ip             TEXT,
    user_agent     TEXT
);
CREATE INDEX sessions_of_member ON sessions (member_id, id);

CREATE TABLE invitations (
    id         TEXT   NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL CONSTRAINT invitations_hash UNIQUE,
    email      TEXT   NOT NULL CONSTRAINT invitations_email UNIQUE,
    name       TEXT,
    role       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    invited_by TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    id           TEXT   NOT NULL PRIMARY KEY,
    hash         TEXT   NOT NULL CONSTRAINT tokens_hash UNIQUE,
    member_id    TEXT   NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    org_ids      TEXT,
    beginning    TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT
);
CREATE INDEX tokens_of_member ON tokens (member_id, id);

CREATE TABLE rights (
    org_id    TEXT NOT NULL REFERENCES orgs (id) ON DELETE CASCADE,
    member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    rights    TEXT NOT NULL,
    PRIMARY KEY (org_id, member_id)
);

CREATE TABLE sign_in_failures (
    name          TEXT   NOT NULL PRIMARY KEY,
    failures      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL
);

CREATE TABLE pending_sign_ins (
    hash       TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    sealed     TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE audit_entries (
    number   BIGINT NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    actor_id TEXT,
    through  TEXT,
    action   TEXT   NOT NULL,
    target   TEXT,
    org_id   TEXT,
    ip       TEXT,
    details  TEXT   NOT NULL,
    hash     TEXT   NOT NULL
);

-- One row; whoever adds an entry locks it first, so that the chain has one end.
CREATE TABLE audit_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);
INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '');

ALTER TABLE orgs ADD COLUMN owner_id TEXT REFERENCES members (id) ON DELETE SET NULL;
ALTER TABLE objects ADD COLUMN verified_at BIGINT;

CREATE INDEX blocks_of_org ON blocks (org_id, id);
CREATE INDEX blocks_of_time ON blocks (org_id, finished_at);
