//! The state of a network printer whose language has none: asked over SNMP (RFC 3416) what the Host
//! Resources MIB (RFC 2790) and the Printer MIB (RFC 3805) have of it.
//!
//! Read only, community `public`, one datagram and one answer; most printers answer this and nothing
//! depends on it.

mod ber;

use std::io;
use std::time::{Duration, Instant};

use cueline_model::{Fault, FaultCode};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use ber::Value;

/// Where SNMP is answered.
const PORT: u16 = 161;
/// On one network an answer takes milliseconds; a printer without SNMP must not hold a print up.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// A printer that has not answered is not asked again for so long.
const SILENT_FOR: Duration = Duration::from_secs(600);
const HR_DEVICE_STATUS: &[u32] = &[1, 3, 6, 1, 2, 1, 25, 3, 2, 1, 5, 1];
const HR_PRINTER_DETECTED_ERROR_STATE: &[u32] = &[1, 3, 6, 1, 2, 1, 25, 3, 5, 1, 2, 1];
/// Of the first device; its rows have numbers that nobody knows.
const PRT_ALERT_DESCRIPTION: &[u32] = &[1, 3, 6, 1, 2, 1, 43, 18, 1, 1, 8, 1];
/// `down` of hrDeviceStatus.
const DOWN: i64 = 5;

/// What a printer said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    /// What keeps it from printing.
    pub(crate) fault: Option<Fault>,
    /// What will soon.
    pub(crate) warning: Option<Fault>,
}

/// Asks one printer now and then.
#[derive(Debug, Default)]
pub(crate) struct Asker {
    silent_since: Option<Instant>,
}

impl Asker {
    /// The printer's state; nothing is known of one that does not answer.
    pub(crate) async fn state(&mut self, host: &str) -> State {
        if self
            .silent_since
            .is_some_and(|since| since.elapsed() < SILENT_FOR)
        {
            return State::default();
        }
        let asked = timeout(ANSWER_WITHIN, ask(host, PORT)).await;
        match asked {
            Ok(Ok(state)) => {
                self.silent_since = None;
                state
            }
            Ok(Err(_)) | Err(_) => {
                self.silent_since = Some(Instant::now());
                State::default()
            }
        }
    }
}

async fn ask(host: &str, port: u16) -> io::Result<State> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in tokio::net::lookup_host((host, port)).await? {
        let local = if address.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let socket = UdpSocket::bind(local).await?;
        // Connected, it hears nobody else.
        socket.connect(address).await?;
        match get(
            &socket,
            &[HR_DEVICE_STATUS, HR_PRINTER_DETECTED_ERROR_STATE],
        )
        .await
        {
            Ok(values) => return Ok(state(host, &values, alert(&socket).await.as_deref())),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn get(socket: &UdpSocket, names: &[&[u32]]) -> io::Result<Vec<Value>> {
    let answer = exchange(socket, &ber::get(1, names), 1).await?;
    Ok(answer.into_iter().map(|(_, value)| value).collect())
}

/// The first alert's own words.
async fn alert(socket: &UdpSocket) -> Option<String> {
    let question = ber::get_next(2, PRT_ALERT_DESCRIPTION);
    let answer = exchange(socket, &question, 2).await.ok()?;
    match answer.into_iter().next()? {
        (name, Value::Octets(text)) if name.starts_with(PRT_ALERT_DESCRIPTION) => {
            let text = String::from_utf8_lossy(&text);
            let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

async fn exchange(
    socket: &UdpSocket,
    question: &[u8],
    id: i32,
) -> io::Result<Vec<(Vec<u32>, Value)>> {
    socket.send(question).await?;
    let mut buffer = [0; 2048];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(values) = ber::answer(&buffer[..length], id) {
            return Ok(values);
        }
    }
}

/// One bit of hrPrinterDetectedErrorState, by its number (RFC 2790; 8 and up RFC 3805).
fn meaning(bit: usize) -> Option<(FaultCode, &'static str)> {
    Some(match bit {
        0 => (FaultCode::PaperLow, "paper is low"),
        1 | 13 => (FaultCode::PaperOut, "out of paper"),
        3 | 10 => (FaultCode::RibbonOut, "out of ink, toner or ribbon"),
        4 => (FaultCode::CoverOpen, "a cover is open"),
        5 => (FaultCode::PaperJam, "paper is stuck"),
        6 => (FaultCode::Offline, "off line"),
        7 => (FaultCode::DeviceError, "it asks for service"),
        8 | 9 => (FaultCode::CoverOpen, "a tray is missing"),
        12 => (FaultCode::DeviceError, "its output tray is full"),
        _ => return None,
    })
}

fn state(host: &str, values: &[Value], alert: Option<&str>) -> State {
    let device_status = values.iter().find_map(|value| match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    });
    let bits = values.iter().find_map(|value| match value {
        Value::Octets(bytes) => Some(bytes.as_slice()),
        _ => None,
    });
    let wrong: Vec<(FaultCode, &str)> = (0..16)
        .filter(|bit| {
            let byte = bits.and_then(|bits| bits.get(bit / 8)).copied();
            byte.unwrap_or(0) & (0x80 >> (bit % 8)) != 0
        })
        .filter_map(meaning)
        .collect();
    let worst = wrong
        .iter()
        .find(|(code, _)| !code.is_warning())
        .or(wrong.first());
    let said = alert.map(|alert| format!(" ({alert})")).unwrap_or_default();
    // With one tray empty of two a printer is not down.
    let stops = match device_status {
        Some(status) => status == DOWN,
        None => worst.is_some_and(|(code, _)| !code.is_warning()),
    };
    let (code, what) = match worst {
        Some(worst) => *worst,
        None if stops => (FaultCode::DeviceError, "it reports an error"),
        None => return State::default(),
    };
    if stops {
        let code = if code.is_warning() {
            FaultCode::DeviceError
        } else {
            code
        };
        let text = format!(
            "The printer at {host} cannot print: {what}{said}: put it right there; printing goes on by itself."
        );
        return State {
            fault: Some(Fault::new(code, text)),
            warning: None,
        };
    }
    let code = match code {
        FaultCode::PaperOut => FaultCode::PaperLow,
        code => code,
    };
    let text = format!("The printer at {host} prints, but: {what}{said}.");
    State {
        fault: None,
        warning: Some(Fault::new(code, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(device_status: i64, bits: &[u8]) -> (Option<FaultCode>, Option<FaultCode>) {
        let values = [Value::Integer(device_status), Value::Octets(bits.to_vec())];
        let state = state("printer", &values, Some("Tray 2 empty"));
        (
            state.fault.map(|fault| fault.code),
            state.warning.map(|warning| warning.code),
        )
    }

    #[test]
    fn a_printer_that_is_down_is_at_fault_and_one_that_runs_is_not() {
        let (running, warning, down) = (2, 3, 5);
        assert_eq!(of(running, &[0]), (None, None));
        assert_eq!(of(running, &[]), (None, None));
        assert_eq!(of(warning, &[0x80]), (None, Some(FaultCode::PaperLow)));
        assert_eq!(of(warning, &[0x40]), (None, Some(FaultCode::PaperLow)));
        assert_eq!(of(down, &[0x40]), (Some(FaultCode::PaperOut), None));
        assert_eq!(of(down, &[0x08]), (Some(FaultCode::CoverOpen), None));
        assert_eq!(of(down, &[0x84]), (Some(FaultCode::PaperJam), None));
        assert_eq!(of(down, &[0x00, 0x80]), (Some(FaultCode::CoverOpen), None));
        assert_eq!(of(down, &[0]), (Some(FaultCode::DeviceError), None));
    }

    #[test]
    fn without_a_device_status_the_bits_decide() {
        let state = state("printer", &[Value::Octets(vec![0x40])], None);
        assert_eq!(state.fault.unwrap().code, FaultCode::PaperOut);
    }

    #[tokio::test]
    async fn a_printer_that_does_not_answer_is_not_asked_again_for_a_while() {
        let mut asker = Asker::default();
        // Nobody listens there: refused at once, or silent.
        assert_eq!(asker.state("127.0.0.1").await, State::default());
        assert!(asker.silent_since.is_some());
        let before = Instant::now();
        assert_eq!(asker.state("192.0.2.1").await, State::default());
        assert!(before.elapsed() < ANSWER_WITHIN);
    }
}
