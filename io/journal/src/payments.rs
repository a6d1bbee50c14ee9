//! The journal of payments: what was asked of terminals, and what they said.

use std::path::Path;

use cueline_agent_core::payments::{Record, Recovered, RecoveredPayment};
use cueline_model::{AgentId, WallTime};
use cueline_wire::cloud::{JournalMark, PaymentEntry};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde::Serialize;

use crate::directory_lock::DirectoryLock;
use crate::recovery::{json, unreadable, unsigned};
use crate::tables::Number;
use crate::{JournalError, schema};

/// An open journal of payments. One process at a time has it, and it is one agent's.
#[derive(Debug)]
pub struct PaymentJournal {
    connection: Connection,
    lock: DirectoryLock,
}

impl PaymentJournal {
    /// Opens the journal at `path`, or makes it for `agent`, and reads back everything in it.
    /// `instance` is made anew at each opening, 32 hexadecimal digits: with the count of openings it
    /// tells a copied machine from its original.
    ///
    /// # Errors
    /// [`JournalError::Locked`] where another process has it, [`JournalError::Foreign`] where it is
    /// another agent's, [`JournalError::Damaged`], [`JournalError::Newer`],
    /// [`JournalError::DiskFull`], [`JournalError::Io`].
    pub fn open(
        path: &Path,
        agent: AgentId,
        instance: String,
    ) -> Result<(Self, Recovered), JournalError> {
        let lock = DirectoryLock::acquire(path)?;
        if !path.exists() {
            schema::create(path, schema::PAYMENTS)?;
        }
        let mut connection = schema::open(path, schema::PAYMENTS)?;
        let fail = |error: rusqlite::Error| JournalError::from_sqlite(path, "open", &error);
        let owner = owner(&connection).map_err(fail)?;
        if let Some(owner) = owner.filter(|owner| *owner != agent.to_string()) {
            return Err(JournalError::Foreign {
                path: path.to_owned(),
                owner,
                agent,
            });
        }
        let (next_seq, opening) = count_opening(&mut connection, agent).map_err(fail)?;
        let mark = JournalMark { opening, instance };
        let recovered = recover(&connection, next_seq, mark).map_err(fail)?;
        schema::keep_file_unchanged_at_close(&connection, false)
            .and_then(|()| schema::write_log_back(&connection))
            .map_err(fail)?;
        Ok((Self { connection, lock }, recovered))
    }

    /// Makes `records` durable, all or none, before it returns.
    ///
    /// # Errors
    /// [`JournalError::DiskFull`] leaves everything as it was. After any other error nothing is known
    /// of the disk: end the program and start anew.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|transaction| {
                records
                    .iter()
                    .try_for_each(|record| apply(&transaction, record))?;
                transaction.commit()
            })
            .map_err(|error| self.failed("write", &error))?;
        // Nobody else does. On a full disk the log keeps what it has; what was committed stays.
        let path = self.lock.journal();
        let written = schema::write_log_back_beyond(&self.connection, path, schema::LOG_BYTES_MAX);
        match written.map_err(|error| self.failed("write", &error)) {
            Err(JournalError::DiskFull { .. }) => Ok(()),
            other => other,
        }
    }

    /// Writes the log into the file, in an idle moment.
    ///
    /// # Errors
    /// As [`PaymentJournal::append`].
    pub fn tidy(&mut self) -> Result<(), JournalError> {
        schema::write_log_back(&self.connection).map_err(|error| self.failed("tidy", &error))
    }

    fn failed(&self, attempt: &'static str, error: &rusqlite::Error) -> JournalError {
        JournalError::from_sqlite(self.lock.journal(), attempt, error)
    }
}

/// Whose journal this is; nobody's before it was first opened.
fn owner(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT agent FROM mark", [], |row| row.get(0))
        .optional()
}

/// Gives the number of the next entry and of this opening.
fn count_opening(connection: &mut Connection, agent: AgentId) -> rusqlite::Result<(u64, u64)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO mark (only_row, next_seq, openings, agent) VALUES (1, 1, 0, ?1)
         ON CONFLICT DO NOTHING",
        [agent.to_string()],
    )?;
    transaction.execute("UPDATE mark SET openings = openings + 1", [])?;
    let counts = transaction.query_row("SELECT next_seq, openings FROM mark", [], |row| {
        Ok((unsigned(row, 0)?, unsigned(row, 1)?))
    })?;
    transaction.commit()?;
    Ok(counts)
}

fn apply(transaction: &Transaction<'_>, record: &Record) -> rusqlite::Result<()> {
    match record {
        Record::Accepted {
            entry,
            order,
            start_by,
        } => {
            transaction.execute(
                "INSERT INTO payment (position, payment, order_asked, start_by_ms)
                 VALUES (?1, ?2, ?3, ?4)",
                params![
                    Number(entry.seq),
                    entry.payment.to_string(),
                    written(order)?,
                    start_by.0
                ],
            )?;
            note(transaction, entry)
        }
        Record::Step(entry) => note(transaction, entry),
        Record::Told(seqs) => {
            let mut told = transaction.prepare_cached("DELETE FROM untold WHERE seq = ?1")?;
            seqs.iter()
                .try_for_each(|seq| told.execute([Number(*seq)]).map(drop))
        }
        Record::Forgotten(payments) => {
            let mut forget =
                transaction.prepare_cached("DELETE FROM payment WHERE payment = ?1")?;
            payments
                .iter()
                .try_for_each(|payment| forget.execute([payment.to_string()]).map(drop))
        }
    }
}

/// An entry of a payment that is not kept is only told.
fn note(transaction: &Transaction<'_>, entry: &PaymentEntry) -> rusqlite::Result<()> {
    let entry_json = written(entry)?;
    transaction.execute(
        "INSERT INTO step (seq, position, entry)
         SELECT ?1, position, ?3 FROM payment WHERE payment = ?2",
        params![Number(entry.seq), entry.payment.to_string(), entry_json],
    )?;
    transaction.execute(
        "INSERT INTO untold (seq, entry) VALUES (?1, ?2)",
        params![Number(entry.seq), entry_json],
    )?;
    transaction.execute(
        "UPDATE mark SET next_seq = max(next_seq, ?1 + 1)",
        [Number(entry.seq)],
    )?;
    Ok(())
}

fn recover(
    connection: &Connection,
    next_seq: u64,
    mark: JournalMark,
) -> rusqlite::Result<Recovered> {
    let mut payments = Vec::new();
    let mut asked = connection.prepare(
        "SELECT position, payment, order_asked, start_by_ms FROM payment ORDER BY position",
    )?;
    let mut steps =
        connection.prepare("SELECT entry FROM step WHERE position = ?1 ORDER BY seq")?;
    let mut rows = asked.query([])?;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let entries = steps
            .query_map([position], |row| json(row, 0))?
            .collect::<rusqlite::Result<Vec<PaymentEntry>>>()?;
        let id: String = row.get(1)?;
        payments.push(RecoveredPayment {
            payment: id.parse().map_err(|error| unreadable(1, error))?,
            order: json(row, 2)?,
            start_by: WallTime(row.get(3)?),
            entries,
        });
    }
    let untold = connection
        .prepare("SELECT entry FROM untold ORDER BY seq")?
        .query_map([], |row| json(row, 0))?
        .collect::<rusqlite::Result<Vec<PaymentEntry>>>()?;
    Ok(Recovered {
        payments,
        untold,
        next_seq,
        mark,
    })
}

fn written(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
