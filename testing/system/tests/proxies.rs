//! The whole line through real proxies: a till that can reach its hub only through Squid.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::JobState;
use cueline_system::api::{Api, raw_job};
use cueline_system::balancer::Balancer;
use cueline_system::box_office::{
    FRONT, Hub, PrinterSetup, Till, TillSetup, wait_for_agent, wait_for_printer,
};
use cueline_system::paper::{Paper, ticket};
use cueline_system::settings;
use cueline_system::squid::{Squid, SquidConfig};
use cueline_wire::api::{AgentState, PrintJob, Printer};

struct Venue {
    hub: Hub,
    paper: Paper,
    folder: tempfile::TempDir,
}

impl Venue {
    fn open() -> Self {
        Self::open_with(settings::QUICK_HUB)
    }

    fn open_with(hub_config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            paper: Paper::start(folder.path(), FRONT).unwrap(),
            hub: Hub::start(folder.path(), hub_config).unwrap(),
            folder,
        }
    }

    /// A till behind `proxy`, registered through it too.
    async fn till(&self, proxy: &str) -> anyhow::Result<Till> {
        self.till_with(proxy, settings::QUICK_AGENT).await
    }

    async fn till_with(&self, proxy: &str, agent: &str) -> anyhow::Result<Till> {
        let setup = TillSetup {
            config: agent.replace("\"none\"", &format!("\"{proxy}\"")),
            printers: vec![PrinterSetup::escpos(FRONT, self.paper.address())],
            register_arguments: vec!["--proxy".to_owned(), proxy.to_owned()],
        };
        Till::start(self.folder.path(), "till", &self.hub, &setup).await
    }

    fn api(&self) -> Api {
        self.hub.api().unwrap()
    }

    async fn printer(&self, till: &Till) -> Printer {
        wait_for_printer(&self.api(), FRONT)
            .await
            .unwrap_or_else(|error| panic!("{error:#}\n{}", till.log()))
    }

    async fn print(&self, printer: &Printer, title: &str) -> PrintJob {
        let request = raw_job(printer.id, &ticket(title));
        self.api().submit_surely(&request, title).await.unwrap()
    }

    async fn printed(&self, job: &PrintJob, till: &Till) {
        let settled = self.api().settled(job.id, Duration::from_secs(40)).await;
        let settled = settled.unwrap_or_else(|error| panic!("{error:#}\n{}", till.log()));
        assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    }
}

#[tokio::test]
async fn a_ticket_passes_and_the_proxy_sees_nothing_but_connect() {
    let squid = Squid::start(SquidConfig::default()).unwrap();
    let venue = Venue::open();
    let mut till = venue.till(&squid.url()).await.unwrap();
    let printer = venue.printer(&till).await;
    let job = venue.print(&printer, "through squid").await;
    venue.printed(&job, &till).await;
    let agent = venue.api().agents().await.unwrap().remove(0);
    assert_eq!(
        agent.path,
        Some(format!("proxy 127.0.0.1:{}", squid.port()))
    );
    till.process().terminate().unwrap();
    till.process().wait().unwrap();
    // Registration, held request and reports: three tunnels at least.
    let log = squid.wait_for_access_log(3).await.unwrap();
    for line in log.lines() {
        assert!(
            line.contains(&format!("CONNECT 127.0.0.1:{}", venue.hub.port())),
            "the proxy saw more than a tunnel: {line}"
        );
    }
    assert!(!log.contains("link/v1"), "{log}");
}

#[tokio::test]
async fn a_proxy_with_a_password_takes_the_right_one_and_a_wrong_or_missing_one_is_named() {
    let squid = Squid::start(SquidConfig {
        auth: Some(("till".to_owned(), "s3cret word".to_owned())),
        ..SquidConfig::default()
    })
    .unwrap();
    let venue = Venue::open();
    let with = |credentials: &str| format!("http://{credentials}127.0.0.1:{}", squid.port());
    for (credentials, names) in [("", "password"), ("till:wrong@", "password")] {
        let error = venue.till(&with(credentials)).await.err().unwrap();
        let said = format!("{error:#}");
        assert!(said.contains(names), "{credentials}: {said}");
        assert!(!said.contains("wrong@"), "shows the password: {said}");
    }
    let till = venue.till(&with("till:s3cret%20word@")).await.unwrap();
    let printer = venue.printer(&till).await;
    let job = venue.print(&printer, "with a password").await;
    venue.printed(&job, &till).await;
    assert!(!till.log().contains("s3cret"), "{}", till.log());
}

#[tokio::test]
async fn a_proxy_that_denies_connect_is_named() {
    let squid = Squid::start(SquidConfig {
        deny: true,
        ..SquidConfig::default()
    })
    .unwrap();
    let venue = Venue::open();
    let error = venue.till(&squid.url()).await.err().unwrap();
    let said = format!("{error:#}");
    assert!(said.contains("proxy") && said.contains("403"), "{said}");
}

#[tokio::test]
async fn a_proxy_killed_and_restarted_in_mid_job_loses_and_doubles_nothing() {
    let mut squid = Squid::start(SquidConfig::default()).unwrap();
    let venue = Venue::open();
    let till = venue.till(&squid.url()).await.unwrap();
    let printer = venue.printer(&till).await;
    // The ticket is under way when the proxy dies, and its outcome has to wait for the new one.
    venue.paper.control("fault stall").unwrap();
    let held = venue.print(&printer, "in mid-job").await;
    for _ in 0..200 {
        if venue.api().job(held.id).await.unwrap().state == JobState::Started {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    squid.kill().unwrap();
    venue.paper.control("fault none").unwrap();
    let queued = venue.print(&printer, "while it was away").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(till.log().contains("link down"), "{}", till.log());
    squid.restart().unwrap();
    venue.printed(&held, &till).await;
    venue.printed(&queued, &till).await;
    assert_eq!(
        venue.paper.titles().unwrap(),
        ["in mid-job", "while it was away"]
    );
}

#[tokio::test]
async fn a_tunnel_time_out_shorter_than_the_ping_is_learned_and_the_link_stays_up() {
    let squid = Squid::start(SquidConfig {
        read_timeout_s: Some(4),
        ..SquidConfig::default()
    })
    .unwrap();
    let patient = settings::QUICK_HUB.replace("idle_timeout_s = 3.0", "idle_timeout_s = 30.0");
    let venue = Venue::open_with(&patient);
    let agent = settings::QUICK_AGENT
        .replace("ping_s = 1", "ping_s = 20")
        .replace("idle_timeout_s = 3.0", "idle_timeout_s = 30.0");
    let mut till = venue.till_with(&squid.url(), &agent).await.unwrap();
    venue.printer(&till).await;
    let learned = till.process().wait_for("closes idle connections").unwrap();
    let api = venue.api();
    let agent = wait_for_agent(&api, Duration::from_secs(15), |agent| {
        agent.state == AgentState::Online && agent.ping_s.is_some_and(|ping| ping < 4)
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}\n{}", till.log()));
    assert!(learned.contains("every 2"), "{learned}");
    // Three of the proxy's time-outs later it is the same link.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let later = api.agents().await.unwrap().remove(0);
    assert_eq!(
        later.connected_since,
        agent.connected_since,
        "{}",
        till.log()
    );
    // And it is remembered.
    till.process().kill().unwrap();
    till.restart().unwrap();
    wait_for_agent(&api, Duration::from_secs(15), |now| {
        now.state == AgentState::Online
            && now.connected_since != agent.connected_since
            && now.ping_s == agent.ping_s
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_proxy_that_opens_the_tls_is_refused_and_named() {
    let squid = Squid::start(SquidConfig {
        inspects_as: Some("Nosy Networks".to_owned()),
        ..SquidConfig::default()
    })
    .unwrap();
    let venue = Venue::open();
    let error = venue.till(&squid.url()).await.err().unwrap();
    let said = format!("{error:#}");
    assert!(
        said.contains("intercepted") && said.contains("Nosy Networks"),
        "{said}"
    );

    // The same for a till that was registered when nobody looked in.
    let mut till = venue.till("none").await.unwrap();
    venue.printer(&till).await;
    till.process().kill().unwrap();
    till.configure(&TillSetup {
        config: settings::QUICK_AGENT.replace("none", &squid.url()),
        printers: vec![PrinterSetup::escpos(FRONT, venue.paper.address())],
        register_arguments: Vec::new(),
    })
    .unwrap();
    till.restart().unwrap();
    let said = till.process().wait_for("Nosy Networks").unwrap();
    assert!(said.contains("intercepted"), "{said}");
}

#[tokio::test]
async fn two_proxies_behind_a_balancer_carry_one_link() {
    let squids = [
        Squid::start(SquidConfig::default()).unwrap(),
        Squid::start(SquidConfig::default()).unwrap(),
    ];
    let balancer = Balancer::start(&[squids[0].port(), squids[1].port()]).unwrap();
    let venue = Venue::open();
    let mut till = venue.till(&balancer.url()).await.unwrap();
    let printer = venue.printer(&till).await;
    for number in 0..5 {
        let job = venue.print(&printer, &format!("balanced {number}")).await;
        venue.printed(&job, &till).await;
    }
    till.process().terminate().unwrap();
    till.process().wait().unwrap();
    for squid in &squids {
        let log = squid.wait_for_access_log(1).await.unwrap();
        assert!(log.contains("CONNECT"), "this one carried nothing: {log}");
    }
    assert_eq!(venue.paper.titles().unwrap().len(), 5);
}
