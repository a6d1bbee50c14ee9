-- Written by cueline-agent 0.1 (sqlite3 .dump), never to be changed.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE job (
    position     INTEGER PRIMARY KEY,           -- rises in order of acceptance
    job          TEXT    NOT NULL,
    attempt      INTEGER NOT NULL,
    sequence     INTEGER NOT NULL,
    printer      TEXT    NOT NULL,
    start_by_ms  INTEGER,                       -- hub's clock, since 1970
    copies       INTEGER NOT NULL,
    uncertain    TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    sha256       BLOB    NOT NULL CHECK (length(sha256) = 32),
    phase        TEXT    NOT NULL CHECK (phase IN ('waiting', 'started', 'ended')),
    reprints     INTEGER NOT NULL DEFAULT 0,
    newest_entry TEXT    NOT NULL,              -- JSON, as told to the hub
    UNIQUE (job, attempt)
) STRICT;
INSERT INTO job VALUES(1,'job_00000000000000000000000000000001',1,10,'desk-1',1777663800125,2,'reprint_marked','png',6,X'0707070707070707070707070707070707070707070707070707070707070707','waiting',0,'{"seq":1,"job":"job_00000000000000000000000000000001","attempt":1,"at":1777663800001,"state":"accepted"}');
INSERT INTO job VALUES(2,'job_00000000000000000000000000000002',1,20,'desk-1',1777663800125,2,'reprint_marked','png',6,X'0707070707070707070707070707070707070707070707070707070707070707','started',0,'{"seq":5,"job":"job_00000000000000000000000000000002","attempt":1,"at":1777663800005,"state":"started"}');
INSERT INTO job VALUES(3,'job_00000000000000000000000000000003',1,30,'desk-1',1777663800125,2,'reprint_marked','png',6,X'0707070707070707070707070707070707070707070707070707070707070707','waiting',1,'{"seq":7,"job":"job_00000000000000000000000000000003","attempt":1,"at":1777663800007,"state":"reprinting"}');
INSERT INTO job VALUES(4,'job_00000000000000000000000000000004',1,40,'desk-1',1777663800125,2,'reprint_marked','png',6,X'0707070707070707070707070707070707070707070707070707070707070707','ended',0,'{"seq":10,"job":"job_00000000000000000000000000000004","attempt":1,"at":1777663800010,"state":"ended","outcome":"done","proof":"printed"}');
CREATE TABLE document (
    position INTEGER PRIMARY KEY REFERENCES job (position) ON DELETE CASCADE,
    body     BLOB NOT NULL
) STRICT;
INSERT INTO document VALUES(1,X'7469636b6574');
INSERT INTO document VALUES(2,X'7469636b6574');
CREATE TABLE entry (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL                          -- JSON, as told to the hub
) STRICT;
INSERT INTO entry VALUES(3,'{"seq":3,"job":"job_00000000000000000000000000000003","attempt":1,"at":1777663800003,"state":"accepted"}');
INSERT INTO entry VALUES(4,'{"seq":4,"job":"job_00000000000000000000000000000004","attempt":1,"at":1777663800004,"state":"accepted"}');
INSERT INTO entry VALUES(5,'{"seq":5,"job":"job_00000000000000000000000000000002","attempt":1,"at":1777663800005,"state":"started"}');
INSERT INTO entry VALUES(6,'{"seq":6,"job":"job_00000000000000000000000000000003","attempt":1,"at":1777663800006,"state":"started"}');
INSERT INTO entry VALUES(7,'{"seq":7,"job":"job_00000000000000000000000000000003","attempt":1,"at":1777663800007,"state":"reprinting"}');
INSERT INTO entry VALUES(8,'{"seq":8,"job":"job_00000000000000000000000000000004","attempt":1,"at":1777663800008,"state":"started"}');
INSERT INTO entry VALUES(9,'{"seq":9,"job":"job_00000000000000000000000000000004","attempt":1,"at":1777663800009,"state":"not_started"}');
INSERT INTO entry VALUES(10,'{"seq":10,"job":"job_00000000000000000000000000000004","attempt":1,"at":1777663800010,"state":"ended","outcome":"done","proof":"printed"}');
CREATE TABLE learned_ping (
    path    TEXT PRIMARY KEY,
    ping_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO learned_ping VALUES('proxy 10.0.0.1:3128',22500000);
CREATE TABLE number (
    name  TEXT PRIMARY KEY CHECK (name IN ('next_seq', 'clock_offset_ms')),
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO number VALUES('clock_offset_ms',-250);
INSERT INTO number VALUES('next_seq',11);
COMMIT;
PRAGMA user_version=1;
