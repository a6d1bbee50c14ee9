-- Options, tickets, reprints and resolutions of jobs; capabilities and events of printers.

ALTER TABLE print_jobs ADD COLUMN options TEXT NOT NULL DEFAULT '{}'; -- JSON
ALTER TABLE print_jobs ADD COLUMN notes TEXT NOT NULL DEFAULT '[]'; -- JSON array
ALTER TABLE print_jobs ADD COLUMN marked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE print_jobs ADD COLUMN reprint_of TEXT; -- a job's id
ALTER TABLE print_jobs ADD COLUMN tickets TEXT; -- JSON
ALTER TABLE print_jobs ADD COLUMN resolution TEXT; -- JSON
-- Small, like the others: what waits for somebody's decision, and keeps its document meanwhile.
CREATE INDEX print_jobs_in_doubt ON print_jobs (tenant, id)
    WHERE state = 'uncertain' AND resolution IS NULL;
CREATE INDEX print_jobs_in_doubt_with_document ON print_jobs (tenant, sha256)
    WHERE state = 'uncertain' AND resolution IS NULL;

ALTER TABLE printers ADD COLUMN height_dots INTEGER;
ALTER TABLE printers ADD COLUMN capabilities TEXT; -- JSON
ALTER TABLE printers ADD COLUMN fault TEXT; -- JSON, as last told: what its next word is compared with
ALTER TABLE printers ADD COLUMN warning TEXT; -- likewise

CREATE TABLE printer_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: clients keep it
    printer TEXT NOT NULL REFERENCES printers ON DELETE CASCADE,
    what TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX printer_events_of_printer ON printer_events (printer, number);

-- A job that stands at its printer can be asked back too.
DROP INDEX print_jobs_to_withdraw;
CREATE INDEX print_jobs_to_withdraw ON print_jobs (agent, sequence)
    WHERE state IN ('accepted', 'started') AND cancel_requested_at IS NOT NULL;
