-- Card payments, the desks and terminals they are made at, alerts and audit.

CREATE TABLE stations (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    agent TEXT NOT NULL REFERENCES agents,
    name TEXT NOT NULL,
    user TEXT NOT NULL,
    trays INTEGER NOT NULL, -- that answered for it when its agent last told; 0: gone
    UNIQUE (agent, name)
) STRICT;
CREATE INDEX stations_of_tenant ON stations (tenant, id);
CREATE INDEX stations_by_name ON stations (tenant, name);

CREATE TABLE terminals (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    station TEXT NOT NULL REFERENCES stations,
    name TEXT NOT NULL,
    protocol TEXT NOT NULL,
    gone INTEGER NOT NULL, -- its station no longer names it
    UNIQUE (station, name)
) STRICT;
CREATE INDEX terminals_of_tenant ON terminals (tenant, id);

-- A payment is never deleted, and with it its key: as long as the order lives, the same request is
-- known again.
CREATE TABLE payments (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants,
    agent TEXT NOT NULL REFERENCES agents,
    terminal TEXT NOT NULL REFERENCES terminals,
    key TEXT NOT NULL, -- the client's Idempotency-Key
    order_ref TEXT,
    original TEXT REFERENCES payments,
    state TEXT NOT NULL,
    start_by INTEGER NOT NULL,
    settled_at INTEGER,
    overdue_at INTEGER, -- when somebody is to be told that no end is heard of
    unsaid INTEGER NOT NULL, -- ended here, and its agent has not said that it knows
    body TEXT NOT NULL, -- JSON: the whole of it
    UNIQUE (tenant, key)
) STRICT;
CREATE INDEX payments_of_tenant ON payments (tenant, id);
CREATE INDEX payments_by_state ON payments (tenant, state, id);
CREATE INDEX payments_of_order ON payments (tenant, order_ref, id) WHERE order_ref IS NOT NULL;
CREATE INDEX payments_of_original ON payments (original, id) WHERE original IS NOT NULL;
-- Small ones: they hold only what has not ended or is to be said.
CREATE INDEX payments_open ON payments (agent, id) WHERE settled_at IS NULL;
CREATE INDEX payments_open_at_terminal ON payments (terminal) WHERE settled_at IS NULL;
CREATE INDEX payments_unsaid ON payments (agent, settled_at) WHERE unsaid;
CREATE INDEX payments_overdue ON payments (overdue_at) WHERE overdue_at IS NOT NULL;
CREATE INDEX payments_to_expire ON payments (start_by)
    WHERE state IN ('queued', 'delivered', 'accepted');

CREATE TABLE payment_journals (
    agent TEXT NOT NULL PRIMARY KEY REFERENCES agents,
    opening INTEGER NOT NULL,
    instance TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: clients keep it
    tenant TEXT NOT NULL REFERENCES tenants,
    once TEXT, -- tells one from its repeats
    payment TEXT REFERENCES payments,
    open INTEGER NOT NULL,
    body TEXT NOT NULL, -- JSON, its number left out
    UNIQUE (tenant, once)
) STRICT;
CREATE INDEX alerts_of_tenant ON alerts (tenant, number);
CREATE INDEX alerts_open ON alerts (tenant, number) WHERE open;
CREATE INDEX alerts_of_payment ON alerts (payment, number) WHERE payment IS NOT NULL;

CREATE TABLE audit_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL REFERENCES tenants,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    payment TEXT REFERENCES payments,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_of_tenant ON audit_events (tenant, number);
