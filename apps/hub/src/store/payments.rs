//! Payments in SQLite: [`PaymentRows`] over one transaction. What is searched for has a column of its own; the
//! whole of a payment is kept as JSON, because it is only ever read and written whole.

use cueline_hub_core::StoreError;
use cueline_hub_core::payment::rows::{AlertFilter, NewAudit, PaymentFilter};
use cueline_hub_core::payment::{NewAlert, Payment, PaymentRows};
use cueline_model::{AgentId, PaymentId, TenantId, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::{Alert, AuditEvent, Closing};
use cueline_wire::cloud::JournalMark;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, named_params};

use super::failure::map;
use super::{StoreResult, row};

/// The payments of the database that `0` is a transaction on.
pub struct Payments<'a>(pub &'a Connection);

fn payment_from_row(r: &Row<'_>) -> rusqlite::Result<Payment> {
    row::json(r, "body")
}

fn alert_from_row(r: &Row<'_>) -> rusqlite::Result<Alert> {
    let id = row::number(r, "number")?;
    let alert: Alert = row::json(r, "body")?;
    Ok(Alert { id, ..alert })
}

impl Payments<'_> {
    fn one<P: Params>(&self, sql: &str, params: P) -> StoreResult<Option<Payment>> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut query| query.query_row(params, payment_from_row).optional())
            .map_err(map)
    }

    fn many<P: Params, T>(
        &self,
        sql: &str,
        params: P,
        from_row: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Vec<T>> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut query| query.query_map(params, from_row)?.collect())
            .map_err(map)
    }

    fn execute<P: Params>(&self, sql: &str, params: P) -> StoreResult<usize> {
        self.0
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .map_err(map)
    }
}

/// Whether there is something left to say about it to its agent, which has not said that it ended.
fn unsaid(payment: &Payment) -> bool {
    payment.state.is_settled() && !payment.wishes().is_empty()
}

impl PaymentRows for Payments<'_> {
    fn payment(&mut self, id: PaymentId) -> StoreResult<Option<Payment>> {
        self.one("SELECT body FROM payments WHERE id = ?1", [id.to_string()])
    }

    fn of_key(&mut self, tenant: TenantId, key: &str) -> StoreResult<Option<Payment>> {
        self.one(
            "SELECT body FROM payments WHERE tenant = ?1 AND key = ?2",
            (tenant.to_string(), key),
        )
    }

    fn insert(&mut self, payment: &Payment) -> StoreResult<()> {
        let original = payment.original.as_ref();
        self.execute(
            "INSERT INTO payments (id, tenant, agent, terminal, key, order_ref, original, state,
                 start_by, settled_at, overdue_at, unsaid, body)
             VALUES (:id, :tenant, :agent, :terminal, :key, :order_ref, :original, :state,
                 :start_by, :settled_at, :overdue_at, :unsaid, :body)",
            named_params! {
                ":id": payment.id.to_string(),
                ":tenant": payment.tenant.to_string(),
                ":agent": payment.place.agent.to_string(),
                ":terminal": payment.place.terminal.to_string(),
                ":key": payment.request.key,
                ":order_ref": payment.order_ref,
                ":original": original.map(|original| original.payment.to_string()),
                ":state": payment.state.as_str(),
                ":start_by": payment.start_by.0,
                ":settled_at": payment.settled_at.map(|time| time.0),
                ":overdue_at": payment.overdue_at().map(|time| time.0),
                ":unsaid": unsaid(payment),
                ":body": row::to_json(payment)?,
            },
        )?;
        Ok(())
    }

    fn update(&mut self, payment: &Payment) -> StoreResult<()> {
        self.execute(
            "UPDATE payments SET state = :state, settled_at = :settled_at,
                 overdue_at = :overdue_at, unsaid = :unsaid, body = :body
             WHERE id = :id",
            named_params! {
                ":id": payment.id.to_string(),
                ":state": payment.state.as_str(),
                ":settled_at": payment.settled_at.map(|time| time.0),
                ":overdue_at": payment.overdue_at().map(|time| time.0),
                ":unsaid": unsaid(payment),
                ":body": row::to_json(payment)?,
            },
        )?;
        Ok(())
    }

    fn of_order(&mut self, tenant: TenantId, order_ref: &str) -> StoreResult<Vec<Payment>> {
        self.many(
            "SELECT body FROM payments WHERE tenant = ?1 AND order_ref = ?2 ORDER BY id",
            (tenant.to_string(), order_ref),
            payment_from_row,
        )
    }

    fn of_original(&mut self, original: PaymentId) -> StoreResult<Vec<Payment>> {
        self.many(
            "SELECT body FROM payments WHERE original = ?1 ORDER BY id",
            [original.to_string()],
            payment_from_row,
        )
    }

    fn open_of_agent(&mut self, agent: AgentId) -> StoreResult<Vec<Payment>> {
        self.many(
            "SELECT body FROM payments WHERE agent = ?1 AND settled_at IS NULL ORDER BY id",
            [agent.to_string()],
            payment_from_row,
        )
    }

    fn unsaid_of_agent(&mut self, agent: AgentId, since: WallTime) -> StoreResult<Vec<Payment>> {
        self.many(
            "SELECT body FROM payments WHERE agent = ?1 AND settled_at > ?2 AND unsaid ORDER BY id",
            (agent.to_string(), since.0),
            payment_from_row,
        )
    }

    fn due(&mut self, now: WallTime, limit: usize) -> StoreResult<Vec<Payment>> {
        self.many(
            "SELECT body FROM payments
             WHERE state IN ('queued', 'delivered', 'accepted') AND start_by < ?1
             ORDER BY start_by LIMIT ?2",
            (now.0, row::at_most(limit)),
            payment_from_row,
        )
    }

    fn overdue(&mut self, now: WallTime, limit: usize) -> StoreResult<Vec<Payment>> {
        self.many(
            "SELECT body FROM payments WHERE overdue_at < ?1 ORDER BY overdue_at LIMIT ?2",
            (now.0, row::at_most(limit)),
            payment_from_row,
        )
    }

    fn page(
        &mut self,
        tenant: TenantId,
        filter: &PaymentFilter,
        limit: usize,
    ) -> StoreResult<Vec<Payment>> {
        // Each combination is a statement of its own, so that each uses its index.
        let mut sql = "SELECT body FROM payments WHERE tenant = :tenant AND id < :after".to_owned();
        let after = filter.after.map(|id| id.to_string());
        let after = after.unwrap_or_else(|| row::AFTER_ALL_IDS.to_owned());
        let (tenant, limit) = (tenant.to_string(), row::at_most(limit));
        let state = filter.state.map(|state| state.as_str());
        let mut params: Vec<(&str, &dyn rusqlite::ToSql)> =
            vec![(":tenant", &tenant), (":after", &after), (":limit", &limit)];
        if let Some(order_ref) = &filter.order_ref {
            sql.push_str(" AND order_ref = :order_ref");
            params.push((":order_ref", order_ref));
        }
        if let Some(state) = &state {
            sql.push_str(" AND state = :state");
            params.push((":state", state));
        }
        sql.push_str(" ORDER BY id DESC LIMIT :limit");
        self.many(&sql, params.as_slice(), payment_from_row)
    }

    fn tenant_of(&mut self, agent: AgentId) -> StoreResult<Option<TenantId>> {
        self.0
            .prepare_cached("SELECT tenant FROM agents WHERE id = ?1 AND revoked_at IS NULL")
            .and_then(|mut query| {
                query
                    .query_row([agent.to_string()], |r| row::parsed(r, "tenant"))
                    .optional()
            })
            .map_err(map)
    }

    fn journal(&mut self, agent: AgentId) -> StoreResult<Option<JournalMark>> {
        self.0
            .prepare_cached("SELECT opening, instance FROM payment_journals WHERE agent = ?1")
            .and_then(|mut query| {
                query
                    .query_row([agent.to_string()], |r| {
                        Ok(JournalMark {
                            opening: row::number(r, "opening")?,
                            instance: r.get("instance")?,
                        })
                    })
                    .optional()
            })
            .map_err(map)
    }

    fn set_journal(&mut self, agent: AgentId, mark: &JournalMark) -> StoreResult<()> {
        self.execute(
            "INSERT INTO payment_journals (agent, opening, instance) VALUES (?1, ?2, ?3)
             ON CONFLICT (agent) DO UPDATE SET opening = excluded.opening,
                 instance = excluded.instance",
            (
                agent.to_string(),
                mark.opening.cast_signed(),
                &mark.instance,
            ),
        )?;
        Ok(())
    }

    fn add_alert(&mut self, alert: NewAlert) -> StoreResult<Option<Alert>> {
        let (tenant, once) = (alert.tenant.to_string(), alert.once.clone());
        let payment = alert.payment.map(|payment| payment.to_string());
        let alert = alert.into_alert(0);
        let number = self
            .0
            .prepare_cached(
                "INSERT INTO alerts (tenant, once, payment, open, body) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT (tenant, once) DO NOTHING RETURNING number",
            )
            .and_then(|mut statement| {
                let body = serde_json::to_string(&alert).unwrap_or_default();
                statement
                    .query_row((tenant, once, payment, body), |r| row::number(r, "number"))
                    .optional()
            })
            .map_err(map::<StoreError>)?;
        Ok(number.map(|id| Alert { id, ..alert }))
    }

    fn alerts(
        &mut self,
        tenant: TenantId,
        filter: &AlertFilter,
        limit: usize,
    ) -> StoreResult<Vec<Alert>> {
        let mut sql =
            "SELECT number, body FROM alerts WHERE tenant = ?1 AND number < ?2".to_owned();
        let after = filter.after.and_then(|after| i64::try_from(after).ok());
        let payment = filter.payment.map(|payment| payment.to_string());
        match filter.open {
            Some(true) => sql.push_str(" AND open"),
            Some(false) => sql.push_str(" AND NOT open"),
            None => {}
        }
        sql.push_str(if payment.is_some() {
            " AND payment = ?4"
        } else {
            " AND ?4 IS NULL"
        });
        sql.push_str(" ORDER BY number DESC LIMIT ?3");
        let params = (
            tenant.to_string(),
            after.unwrap_or(i64::MAX),
            row::at_most(limit),
            payment,
        );
        self.many(&sql, params, alert_from_row)
    }

    fn alert(&mut self, tenant: TenantId, id: u64) -> StoreResult<Option<Alert>> {
        self.0
            .prepare_cached("SELECT number, body FROM alerts WHERE tenant = ?1 AND number = ?2")
            .and_then(|mut query| {
                query
                    .query_row((tenant.to_string(), id.cast_signed()), alert_from_row)
                    .optional()
            })
            .map_err(map)
    }

    fn close_alert(&mut self, id: u64, closing: &Closing) -> StoreResult<()> {
        self.execute(
            "UPDATE alerts SET open = 0, body = json_set(body, '$.closed', json(?2))
             WHERE number = ?1",
            (id.cast_signed(), row::to_json(closing)?),
        )?;
        Ok(())
    }

    fn add_audit(&mut self, audit: NewAudit) -> StoreResult<()> {
        self.execute(
            "INSERT INTO audit_events (tenant, at, what, who, reason, payment, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                audit.tenant.to_string(),
                audit.at.0,
                audit.what,
                &audit.by,
                &audit.reason,
                audit.payment.map(|payment| payment.to_string()),
                &audit.detail,
            ),
        )?;
        Ok(())
    }

    fn audit(
        &mut self,
        tenant: TenantId,
        after: Option<u64>,
        limit: usize,
    ) -> StoreResult<Vec<AuditEvent>> {
        let after = after.and_then(|after| i64::try_from(after).ok());
        self.many(
            "SELECT * FROM audit_events WHERE tenant = ?1 AND number < ?2
             ORDER BY number DESC LIMIT ?3",
            (
                tenant.to_string(),
                after.unwrap_or(i64::MAX),
                row::at_most(limit),
            ),
            |r| {
                Ok(AuditEvent {
                    id: row::number(r, "number")?,
                    at: Timestamp(row::time(r, "at")?),
                    what: r.get("what")?,
                    by: r.get("who")?,
                    reason: r.get("reason")?,
                    payment: row::parsed_option(r, "payment")?,
                    detail: r.get("detail")?,
                })
            },
        )
    }
}
