//! PrintNode's published clients, unchanged, print through a real hub, a real agent and a virtual
//! printer: who am I, computers, printers, jobs of all four content types, states, cancelling,
//! idempotency, pages, errors. What they look for is in their scripts beside the lists of peers.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cueline_system::box_office::{FRONT, Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::paper::Paper;
use cueline_system::{peers, settings};

/// A printer that is out of paper: what is sent there waits.
const PAUSED: &str = "paused";
/// The hub may fetch from the clients' own servers on this machine.
const FETCH: &str = "[fetch]\nallow = [\"127.0.0.1\"]\nallow_http = true\n";

struct House {
    hub: Hub,
    front: Paper,
    paused: Paper,
    _till: Till,
    folder: tempfile::TempDir,
}

impl House {
    async fn open(printnode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let front = Paper::start(folder.path(), FRONT).unwrap();
        let paused = Paper::start(folder.path(), PAUSED).unwrap();
        paused.control("fault paper_out").unwrap();
        let config = format!("{}{FETCH}{printnode}", settings::QUICK_HUB);
        let hub = Hub::start(folder.path(), &config).unwrap();
        let setup = TillSetup {
            config: settings::QUICK_AGENT.to_owned(),
            printers: vec![
                PrinterSetup::escpos(FRONT, front.address()),
                PrinterSetup::escpos(PAUSED, paused.address()),
            ],
            register_arguments: Vec::new(),
        };
        let till = Till::start(folder.path(), "till-1", &hub, &setup)
            .await
            .unwrap();
        wait_for_printer(&hub.api().unwrap(), FRONT).await.unwrap();
        Self {
            hub,
            front,
            paused,
            _till: till,
            folder,
        }
    }

    /// Lets a client print; what it says is on paper is, once each and in that order, with as many
    /// pictures beside it.
    async fn judge(
        &self,
        url: String,
        print: impl FnOnce(&[&str]) -> anyhow::Result<Vec<u8>> + Send + 'static,
        pictures: usize,
    ) {
        let arguments = [
            url,
            self.hub.key().unwrap(),
            self.hub.ca().display().to_string(),
            PAUSED.to_owned(),
            self.folder.path().display().to_string(),
        ];
        let printed = tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            print(&arguments)
        });
        let printed = printed.await.unwrap().unwrap();
        let printed: Vec<String> = serde_json::from_slice(&printed).unwrap();
        let tickets = self.front.tickets().unwrap();
        assert!(tickets.iter().all(|ticket| !ticket.torn), "{tickets:#?}");
        let (with_text, pictured): (Vec<_>, Vec<_>) =
            tickets.iter().partition(|ticket| !ticket.text.is_empty());
        let titles: Vec<_> = with_text
            .iter()
            .map(|ticket| ticket.text[0].trim())
            .collect();
        assert_eq!(titles, printed);
        assert_eq!(pictured.len(), pictures, "{tickets:#?}");
        assert!(self.paused.tickets().unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_prints_with_another_url_and_key_alone() {
    let house = House::open("").await;
    let url = format!("{}/printnode", house.hub.url());
    let print = |arguments: &[&str]| {
        let script = include_str!("../../peers/printnode.py");
        peers::run_python(script, &arguments[..4])
    };
    house.judge(url, print, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_client_prints_with_another_url_and_key_alone() {
    // At the root, as PrintNode itself has it.
    let house = House::open("[printnode]\npath = \"/\"\n").await;
    let pdf = house.folder.path().join("ticket.pdf");
    let draw = "import sys\nfrom PIL import Image, ImageDraw\npage = Image.new('L', (560, 300), 255)\n\
                ImageDraw.Draw(page).ellipse((40, 40, 520, 260), outline=0, width=6)\n\
                page.save(sys.argv[1], 'PDF', resolution=203)\n";
    let file = pdf.display().to_string();
    tokio::task::spawn_blocking(move || peers::run_python(draw, &[&file]))
        .await
        .unwrap()
        .unwrap();
    let print = |arguments: &[&str]| {
        let script = include_str!("../../peers/printnode.js");
        peers::run_node(script, arguments)
    };
    house.judge(house.hub.url(), print, 3).await;
}
