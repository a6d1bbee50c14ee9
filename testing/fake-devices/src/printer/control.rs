//! The control port: lines of text on loopback that set faults while the printer runs.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::panel::Panel;
use super::plan::PlannedFault;
use super::settings::SecondHost;
use super::tickets::read_tickets;

/// Control connections at once; one more waits.
const CONNECTIONS_MAX: usize = 8;
/// The longest line, its end included.
const LINE_BYTES_MAX: u64 = 256;

/// What a control connection acts on.
#[derive(Debug, Clone)]
pub(super) struct Controls {
    pub(super) panel: Arc<Panel>,
    pub(super) output: PathBuf,
}

/// Serves control connections until dropped.
pub(super) async fn serve(listener: TcpListener, controls: Controls) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, _) = listener.accept().await?;
        while connections.try_join_next().is_some() {}
        let controls = controls.clone();
        connections.spawn(async move {
            if let Err(error) = connection(stream, &controls).await {
                tracing::debug!(%error, "control connection ended");
            }
            drop(place);
        });
    }
}

async fn connection(mut stream: TcpStream, controls: &Controls) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        let count = (&mut reader)
            .take(LINE_BYTES_MAX)
            .read_line(&mut line)
            .await?;
        if count == 0 {
            return Ok(());
        }
        if !line.ends_with('\n') && count as u64 == LINE_BYTES_MAX {
            writer.write_all(b"error: line too long\n").await?;
            return Ok(());
        }
        let reply = answer(line.trim(), controls);
        writer.write_all(format!("{reply}\n").as_bytes()).await?;
    }
}

fn answer(line: &str, controls: &Controls) -> String {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    match verb {
        "fault" => match rest.parse::<PlannedFault>() {
            Ok(plan) => {
                controls.panel.plan(plan);
                format!("ok fault {plan}")
            }
            Err(error) => format!("error: {error}"),
        },
        "status" => match read_tickets(&controls.output) {
            Ok(tickets) => {
                let torn = tickets.iter().filter(|ticket| ticket.torn).count();
                let fault = controls.panel.fault();
                let planned = match controls.panel.planned() {
                    Some(plan) => format!("; planned {plan}"),
                    None => String::new(),
                };
                format!(
                    "ok fault {fault}; tickets {}; torn {torn}{planned}",
                    tickets.len()
                )
            }
            Err(error) => format!("error: tickets cannot be read: {error}"),
        },
        "second_host" => {
            let what = match rest {
                "wait" => SecondHost::Wait,
                "refuse" => SecondHost::Refuse,
                _ => return format!("error: expected second_host wait or refuse; got {rest:?}"),
            };
            controls.panel.set_second_host(what);
            format!("ok second_host {rest}")
        }
        "button" => {
            controls.panel.press();
            "ok button".to_owned()
        }
        _ => {
            format!("error: expected fault FAULT, status, second_host WHAT or button; got {line:?}")
        }
    }
}
