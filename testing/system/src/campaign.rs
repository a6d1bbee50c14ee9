//! A campaign of faults and its judgement: what was put in, what the API says, what lies on the paper.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use cueline_model::limits::REPRINTS_MAX;
use cueline_model::{JobState, PrinterId, Proof, UncertainPolicy};
use cueline_wire::api::PrintJob;

use crate::api::{Api, raw_job};
use crate::box_office::House;
use crate::paper::ticket;

/// Every title of a campaign begins with this, so that it is found on a ticket below other lines.
const TITLE_PREFIX: &str = "No. ";

/// All jobs that the API has acknowledged, in the order in which they were put in.
#[derive(Debug, Default)]
pub struct Campaign {
    orders: Vec<Order>,
}

#[derive(Debug)]
struct Order {
    title: String,
    policy: UncertainPolicy,
    job: PrintJob,
}

/// What became of a campaign's jobs, counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// Acknowledged by the API.
    pub acknowledged: usize,
    /// Reported printed, and once on paper.
    pub printed_once: usize,
    /// Reported printed, and more often on paper, as the job's policy says.
    pub reprinted_by_policy: usize,
    /// Held for a person, and on paper.
    pub held_on_paper: usize,
    /// Held for a person, and not on paper.
    pub held_not_on_paper: usize,
}

/// A whole ticket that came out.
struct Sheet {
    title: String,
    duplicate: bool,
}

impl Campaign {
    /// Puts one job in for each policy, one after the other, each until it is acknowledged.
    ///
    /// # Errors
    /// When the hub refuses one, or does not answer for long.
    pub async fn put_in(
        &mut self,
        api: &Api,
        printer: PrinterId,
        policies: impl IntoIterator<Item = UncertainPolicy>,
    ) -> anyhow::Result<()> {
        for policy in policies {
            let title = format!("{TITLE_PREFIX}{}", self.orders.len());
            let mut request = raw_job(printer, &ticket(&title));
            request.uncertain = policy;
            let job = api.submit_surely(&request, &title).await?;
            self.orders.push(Order { title, policy, job });
        }
        Ok(())
    }

    /// Waits until every job is settled, `patience` for each at most, and holds each against the paper.
    ///
    /// # Errors
    /// When a job is lost, printed more often than it may be, reported otherwise than the paper says, or
    /// came out of turn; the error names it.
    pub async fn verdict(&self, house: &House, patience: Duration) -> anyhow::Result<Tally> {
        let api = house.hub.api()?;
        let mut settled = Vec::new();
        for order in &self.orders {
            let job = api.settled(order.job.id, patience).await;
            settled.push(
                job.with_context(|| format!("{} is lost\n{}", order.title, house.till.log()))?,
            );
        }
        let sheets = sheets(house)?;
        let mut tally = Tally {
            acknowledged: self.orders.len(),
            ..Tally::default()
        };
        for (order, job) in self.orders.iter().zip(&settled) {
            let copies: Vec<&Sheet> = sheets.iter().filter(|s| s.title == order.title).collect();
            tally.add(order, job, &copies)?;
        }
        self.check_order(&sheets)?;
        Ok(tally)
    }

    /// The first copies must have come out in the order in which they were put in.
    fn check_order(&self, sheets: &[Sheet]) -> anyhow::Result<()> {
        let places: BTreeMap<&str, usize> = self
            .orders
            .iter()
            .enumerate()
            .map(|(place, order)| (order.title.as_str(), place))
            .collect();
        let mut seen = BTreeSet::new();
        let firsts: Vec<_> = sheets
            .iter()
            .map(|sheet| sheet.title.as_str())
            .filter(|title| seen.insert(*title))
            .collect();
        let came_out: Option<Vec<_>> = firsts.iter().map(|title| places.get(title)).collect();
        let came_out = came_out.context("a ticket came out that nobody had put in")?;
        ensure!(
            came_out.is_sorted(),
            "tickets came out in another order than they were put in: {firsts:?}"
        );
        Ok(())
    }
}

impl Tally {
    fn add(&mut self, order: &Order, job: &PrintJob, copies: &[&Sheet]) -> anyhow::Result<()> {
        let may_repeat = order.policy != UncertainPolicy::Hold;
        let copies_max = if may_repeat {
            1 + REPRINTS_MAX as usize
        } else {
            1
        };
        let unmarked = copies.iter().filter(|sheet| !sheet.duplicate).count();
        let count = match (job.state, copies.len()) {
            (JobState::Done, 1) if job.proof == Some(Proof::Printed) => &mut self.printed_once,
            (JobState::Done, 2..) => &mut self.reprinted_by_policy,
            (JobState::Uncertain, 0) => &mut self.held_not_on_paper,
            (JobState::Uncertain, 1..) => &mut self.held_on_paper,
            _ => bail!(
                "{} lies {} times on the paper and the API says {job:#?}",
                order.title,
                copies.len()
            ),
        };
        *count += 1;
        ensure!(
            copies.len() <= copies_max,
            "{} came out {} times, its policy is {}",
            order.title,
            copies.len(),
            order.policy.as_str()
        );
        ensure!(
            order.policy != UncertainPolicy::ReprintMarked || unmarked <= 1,
            "{} came out twice without being headed DUPLICATE",
            order.title
        );
        Ok(())
    }
}

fn sheets(house: &House) -> anyhow::Result<Vec<Sheet>> {
    let tickets = house.paper.tickets()?;
    let whole = tickets.into_iter().filter(|ticket| !ticket.torn);
    whole
        .map(|ticket| {
            let title = ticket
                .text
                .iter()
                .find(|line| line.starts_with(TITLE_PREFIX));
            Ok(Sheet {
                title: title.context("a ticket of no campaign came out")?.clone(),
                duplicate: ticket.text.iter().any(|line| line.contains("DUPLICATE")),
            })
        })
        .collect()
}
