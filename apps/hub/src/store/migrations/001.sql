-- Times are milliseconds since 1970; ids are their text; digests are 32 bytes.

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sites (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sites_of_tenant ON sites (tenant, id);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL, -- JSON array
    lookup TEXT NOT NULL UNIQUE, -- the part of the key that is no secret
    secret_sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_of_tenant ON api_keys (tenant, id);

CREATE TABLE agents (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    site TEXT NOT NULL REFERENCES sites,
    name TEXT NOT NULL,
    public_key BLOB NOT NULL, -- Ed25519, 32 bytes
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_seen_at INTEGER,
    path TEXT,
    ping_s INTEGER,
    version TEXT,
    platform TEXT,
    last_sequence INTEGER NOT NULL DEFAULT 0, -- of its jobs
    last_epoch INTEGER NOT NULL DEFAULT 0, -- of its links
    queued INTEGER NOT NULL DEFAULT 0, -- jobs, kept by the triggers below
    at_agent INTEGER NOT NULL DEFAULT 0 -- likewise
) STRICT;
CREATE INDEX agents_of_tenant ON agents (tenant, id);

CREATE TABLE pairing_codes (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    site TEXT NOT NULL REFERENCES sites,
    code_sha256 BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    agent TEXT REFERENCES agents -- the one it registered
) STRICT;
CREATE INDEX pairing_codes_of_tenant ON pairing_codes (tenant, expires_at);
CREATE INDEX pairing_codes_by_end ON pairing_codes (expires_at);

CREATE TABLE printers (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    agent TEXT NOT NULL REFERENCES agents,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    content_types TEXT NOT NULL, -- JSON array
    width_dots INTEGER,
    gone_at INTEGER, -- since when its agent no longer names it
    UNIQUE (agent, name)
) STRICT;
CREATE INDEX printers_of_tenant ON printers (tenant, id);

CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    sha256 BLOB NOT NULL,
    kept_until INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    head BLOB NOT NULL, -- the first bytes, to be read without the rest
    body BLOB NOT NULL,
    UNIQUE (tenant, sha256)
) STRICT;
CREATE INDEX documents_by_end ON documents (kept_until);

CREATE TABLE print_jobs (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    site TEXT NOT NULL REFERENCES sites,
    agent TEXT NOT NULL REFERENCES agents,
    printer TEXT NOT NULL REFERENCES printers,
    printer_name TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    title TEXT,
    content_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    copies INTEGER NOT NULL,
    uncertain TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    start_by INTEGER,
    offered_at INTEGER,
    cancel_requested_at INTEGER,
    settled_at INTEGER,
    outcome TEXT, -- JSON
    newest_entry_seq INTEGER,
    timeline TEXT NOT NULL, -- JSON array
    UNIQUE (agent, sequence)
) STRICT;
CREATE INDEX print_jobs_of_tenant ON print_jobs (tenant, id);
CREATE INDEX print_jobs_of_printer ON print_jobs (printer, id);
CREATE INDEX print_jobs_by_state ON print_jobs (tenant, state, id);
-- Small ones: they hold only what has not ended.
CREATE INDEX print_jobs_queued ON print_jobs (agent, sequence) WHERE state = 'queued';
CREATE INDEX print_jobs_to_withdraw ON print_jobs (agent, sequence)
    WHERE state = 'accepted' AND cancel_requested_at IS NOT NULL;
CREATE INDEX print_jobs_to_expire ON print_jobs (start_by)
    WHERE state = 'queued' AND offered_at IS NULL AND start_by IS NOT NULL;
CREATE INDEX print_jobs_open_of_printer ON print_jobs (printer) WHERE settled_at IS NULL;
CREATE INDEX print_jobs_open_with_document ON print_jobs (tenant, sha256) WHERE settled_at IS NULL;

CREATE TRIGGER print_job_added AFTER INSERT ON print_jobs BEGIN
    UPDATE agents SET
        queued = queued + (NEW.state = 'queued'),
        at_agent = at_agent + (NEW.state IN ('accepted', 'started'))
    WHERE id = NEW.agent;
END;
CREATE TRIGGER print_job_moved AFTER UPDATE OF state ON print_jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE agents SET
        queued = queued + (NEW.state = 'queued') - (OLD.state = 'queued'),
        at_agent = at_agent + (NEW.state IN ('accepted', 'started'))
                            - (OLD.state IN ('accepted', 'started'))
    WHERE id = NEW.agent;
END;

CREATE TABLE idempotency_keys (
    tenant TEXT NOT NULL REFERENCES tenants,
    key TEXT NOT NULL,
    request_sha256 BLOB NOT NULL,
    job TEXT NOT NULL REFERENCES print_jobs,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (first_at);
