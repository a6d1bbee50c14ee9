//! Printers that announce themselves on the network (DNS-SD; the keys are those of Apple's "Bonjour
//! Printing Specification", version 1.2.1).

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use cueline_model::Language;
use mdns_sd::{ServiceDaemon, ServiceEvent};
use tokio::time::{Instant, timeout_at};

use super::Found;
use crate::PortAddress;
use crate::stream::device_id::DeviceId;

/// What is looked for.
const TYPES: [&str; 3] = [
    "_pdl-datastream._tcp.local.",
    "_ipp._tcp.local.",
    "_ipps._tcp.local.",
];

/// Listens for so long. Needs a network that carries multicast.
pub(super) async fn announced(within: Duration) -> Vec<Found> {
    let daemon = match ServiceDaemon::new() {
        Ok(daemon) => daemon,
        Err(error) => {
            tracing::debug!("cannot listen for printers on the network: {error}");
            return Vec::new();
        }
    };
    let until = Instant::now() + within;
    let mut found = Vec::new();
    let browsing = TYPES.map(|kind| daemon.browse(kind).ok().map(|events| (kind, events)));
    for (kind, events) in browsing.into_iter().flatten() {
        // Each has a queue of its own, so those that wait their turn lose nothing.
        while let Ok(Ok(event)) = timeout_at(until, events.recv_async()).await {
            if let ServiceEvent::ServiceResolved(service) = event {
                let addresses: Vec<IpAddr> = service
                    .get_addresses()
                    .iter()
                    .map(mdns_sd::ScopedIp::to_ip_addr)
                    .collect();
                let announced = Announced {
                    kind,
                    instance: instance(service.get_fullname(), kind),
                    addresses: &addresses,
                    port: service.get_port(),
                    keys: service.txt_properties.clone().into_property_map_str(),
                };
                found.extend(announced.found());
            }
        }
    }
    let _gone_anyway = daemon.shutdown();
    without_doubles(found)
}

/// What one service tells.
struct Announced<'a> {
    kind: &'a str,
    instance: String,
    addresses: &'a [IpAddr],
    port: u16,
    keys: HashMap<String, String>,
}

impl Announced<'_> {
    fn key(&self, wanted: &str) -> &str {
        self.keys
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(wanted))
            .map_or("", |(_, value)| value.trim())
    }

    fn found(&self) -> Option<Found> {
        // A number, since many systems cannot look up names of mDNS; IPv4, since those last longer.
        let host = self
            .addresses
            .iter()
            .find(|address| address.is_ipv4())
            .or(self.addresses.first())?
            .to_string();
        let id = DeviceId::parse(&format!(
            "MFG:{};MDL:{};CMD:{}",
            self.key("usb_MFG"),
            self.key("usb_MDL"),
            self.key("usb_CMD")
        ));
        let kind = self.key("ty");
        let reported = format!(
            "{kind} {} {}",
            self.key("product"),
            id.name().unwrap_or_default()
        );
        let tls = self.kind.starts_with("_ipps.");
        let (address, told) = if self.kind.starts_with("_pdl-datastream.") {
            let address = PortAddress::Tcp {
                host,
                port: self.port,
            };
            (address, id.language().unwrap_or(Language::Raw))
        } else {
            let address = PortAddress::Ipp {
                tls,
                host,
                port: self.port,
                path: format!("/{}", self.key("rp").trim_start_matches('/')),
                pin: None,
            };
            (address, Language::Pdf)
        };
        // Reads back as written, or it is none.
        let address: PortAddress = address.to_string().parse().ok()?;
        let mut found = Found::new(self.instance.clone(), address, &reported, Some(told));
        if told == Language::Pdf {
            found.language = Some(told);
        }
        Some(found)
    }
}

/// The part of a full name that people read, its escapes undone (RFC 6763, section 4.3).
fn instance(full_name: &str, kind: &str) -> String {
    let name = full_name
        .strip_suffix(kind)
        .and_then(|name| name.strip_suffix('.'))
        .unwrap_or(full_name);
    name.replace('\\', "")
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

/// One printer is mostly announced with and without TLS: that without is left where both lead to one
/// place, since its certificate would have to be pinned first.
fn without_doubles(found: Vec<Found>) -> Vec<Found> {
    let plain: Vec<(String, String)> = found
        .iter()
        .filter_map(|found| match &found.address {
            PortAddress::Ipp {
                tls: false,
                host,
                path,
                ..
            } => Some((host.clone(), path.clone())),
            _ => None,
        })
        .collect();
    found
        .into_iter()
        .filter(|found| match &found.address {
            PortAddress::Ipp {
                tls: true,
                host,
                path,
                ..
            } => !plain.contains(&(host.clone(), path.clone())),
            _ => true,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: &str, port: u16, keys: &[(&str, &str)]) -> Option<Found> {
        let addresses = ["fe80::1".parse().unwrap(), "192.0.2.7".parse().unwrap()];
        Announced {
            kind,
            instance: "Front".to_owned(),
            addresses: &addresses,
            port,
            keys: keys
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        }
        .found()
    }

    #[test]
    fn what_printers_announce_becomes_addresses() {
        let one = found(
            TYPES[0],
            9100,
            &[
                ("ty", "EPSON TM-T88VI"),
                ("usb_MFG", "EPSON"),
                ("usb_CMD", "ESC/POS"),
            ],
        )
        .unwrap();
        assert_eq!(one.address.to_string(), "tcp://192.0.2.7:9100");
        assert_eq!(
            (one.language, one.model),
            (Some(Language::Escpos), Some("epson-tm-t88"))
        );

        let one = found(
            TYPES[0],
            6101,
            &[("ty", "Some label printer"), ("USB_CMD", "ZPL")],
        )
        .unwrap();
        assert_eq!((one.language, one.model), (Some(Language::Zpl), None));

        let one = found(TYPES[1], 631, &[("rp", "ipp/print"), ("ty", "HP LaserJet")]).unwrap();
        assert_eq!(one.address.to_string(), "ipp://192.0.2.7/ipp/print");
        assert_eq!(one.language, Some(Language::Pdf));

        let one = found(TYPES[2], 8443, &[("rp", "/ipp/print")]).unwrap();
        assert_eq!(one.address.to_string(), "ipps://192.0.2.7:8443/ipp/print");
    }

    #[test]
    fn what_no_address_can_be_is_left_out() {
        assert_eq!(found(TYPES[1], 0, &[]), None);
        assert_eq!(found(TYPES[1], 631, &[("rp", "a b\r\nc")]), None);
    }

    #[test]
    fn a_printer_with_and_without_tls_is_one() {
        let plain = found(TYPES[1], 631, &[("rp", "ipp/print")]).unwrap();
        let tls = found(TYPES[2], 631, &[("rp", "ipp/print")]).unwrap();
        let other = found(TYPES[2], 631, &[("rp", "ipp/other")]).unwrap();
        let kept = without_doubles(vec![tls, plain.clone(), other.clone()]);
        assert_eq!(kept, [plain, other]);
    }

    #[test]
    fn names_are_shown_as_people_wrote_them() {
        assert_eq!(
            instance(r"Box\ office\.1._ipp._tcp.local.", TYPES[1]),
            "Box office.1"
        );
    }
}
