-- Numbers for programs that speak PrintNode's API, whose ids are whole numbers.
--
-- A number is given with the row it stands for, by the triggers below, and is never given twice: its
-- row here outlives what it stood for, or a number that a program kept could come to mean another
-- printer.

CREATE TABLE printnode_accounts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL UNIQUE REFERENCES tenants
) STRICT;

CREATE TABLE printnode_computers (
    tenant TEXT NOT NULL REFERENCES tenants,
    number INTEGER NOT NULL, -- from 1, each tenant's own
    agent TEXT NOT NULL UNIQUE,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE printnode_printers (
    tenant TEXT NOT NULL REFERENCES tenants,
    number INTEGER NOT NULL,
    printer TEXT NOT NULL UNIQUE,
    computer INTEGER NOT NULL, -- its number
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE printnode_jobs (
    tenant TEXT NOT NULL REFERENCES tenants,
    number INTEGER NOT NULL,
    job TEXT NOT NULL UNIQUE,
    printer INTEGER NOT NULL, -- its number
    content_type TEXT, -- as it was asked for through this API
    source TEXT, -- likewise
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX printnode_jobs_of_printer ON printnode_jobs (tenant, printer, number);

INSERT INTO printnode_accounts (tenant) SELECT id FROM tenants ORDER BY id;
INSERT INTO printnode_computers (tenant, number, agent)
    SELECT tenant, row_number() OVER (PARTITION BY tenant ORDER BY id), id FROM agents;
INSERT INTO printnode_printers (tenant, number, printer, computer)
    SELECT printers.tenant, row_number() OVER (PARTITION BY printers.tenant ORDER BY printers.id),
        printers.id, computers.number
    FROM printers JOIN printnode_computers AS computers ON computers.agent = printers.agent;
INSERT INTO printnode_jobs (tenant, number, job, printer)
    SELECT jobs.tenant, row_number() OVER (PARTITION BY jobs.tenant ORDER BY jobs.id),
        jobs.id, printers.number
    FROM print_jobs AS jobs JOIN printnode_printers AS printers ON printers.printer = jobs.printer;

CREATE TABLE printnode_webhooks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL REFERENCES tenants,
    url TEXT NOT NULL,
    secret TEXT NOT NULL, -- as it is: it is shown to the receiver each time
    messages TEXT NOT NULL, -- JSON array
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 0, -- its rows in printnode_events
    received INTEGER NOT NULL DEFAULT 0, -- events ever
    dropped INTEGER NOT NULL DEFAULT 0, -- of these, never delivered
    succeeded INTEGER NOT NULL DEFAULT 0, -- requests
    failed INTEGER NOT NULL DEFAULT 0, -- likewise
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    next_at INTEGER NOT NULL DEFAULT 0 -- not tried before
) STRICT;
CREATE INDEX printnode_webhooks_of_tenant ON printnode_webhooks (tenant);

-- What is to be delivered: a step of a job is stored with the step itself, so that none is lost.
CREATE TABLE printnode_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook INTEGER NOT NULL REFERENCES printnode_webhooks ON DELETE CASCADE,
    job TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX printnode_events_of_webhook ON printnode_events (webhook, number);

CREATE TRIGGER tenant_numbered AFTER INSERT ON tenants BEGIN
    INSERT INTO printnode_accounts (tenant) VALUES (NEW.id);
END;
CREATE TRIGGER agent_numbered AFTER INSERT ON agents BEGIN
    INSERT INTO printnode_computers (tenant, number, agent)
    SELECT NEW.tenant, 1 + coalesce(
        (SELECT number FROM printnode_computers WHERE tenant = NEW.tenant
         ORDER BY number DESC LIMIT 1), 0), NEW.id;
END;
CREATE TRIGGER printer_numbered AFTER INSERT ON printers BEGIN
    INSERT INTO printnode_printers (tenant, number, printer, computer)
    SELECT NEW.tenant, 1 + coalesce(
        (SELECT number FROM printnode_printers WHERE tenant = NEW.tenant
         ORDER BY number DESC LIMIT 1), 0), NEW.id,
        (SELECT number FROM printnode_computers WHERE agent = NEW.agent);
END;
CREATE TRIGGER print_job_numbered AFTER INSERT ON print_jobs BEGIN
    INSERT INTO printnode_jobs (tenant, number, job, printer)
    SELECT NEW.tenant, 1 + coalesce(
        (SELECT number FROM printnode_jobs WHERE tenant = NEW.tenant
         ORDER BY number DESC LIMIT 1), 0), NEW.id,
        (SELECT number FROM printnode_printers WHERE printer = NEW.printer);
    INSERT INTO printnode_events (webhook, job, state, at)
    SELECT number, NEW.id, NEW.state, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM printnode_webhooks WHERE tenant = NEW.tenant AND enabled AND waiting < 10000;
    UPDATE printnode_webhooks SET received = received + 1, dropped = dropped + (waiting >= 10000),
        waiting = min(waiting + 1, 10000)
    WHERE tenant = NEW.tenant AND enabled;
END;
CREATE TRIGGER print_job_step_noted AFTER UPDATE OF state ON print_jobs
WHEN OLD.state <> NEW.state BEGIN
    INSERT INTO printnode_events (webhook, job, state, at)
    SELECT number, NEW.id, NEW.state, CAST(unixepoch('subsec') * 1000 AS INTEGER)
    FROM printnode_webhooks WHERE tenant = NEW.tenant AND enabled AND waiting < 10000;
    UPDATE printnode_webhooks SET received = received + 1, dropped = dropped + (waiting >= 10000),
        waiting = min(waiting + 1, 10000)
    WHERE tenant = NEW.tenant AND enabled;
END;
