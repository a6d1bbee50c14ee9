//! Whether the terminal can take a payment, and under which ServiceID it will.

use cueline_model::{Baseline, Mono, PaymentFailureCode};

use super::{ANSWER_WITHIN, Adyen, Doing, at_tray};
use crate::adyen::message::{Category, DiagnosisResponse, RequestBody};
use crate::adyen::outcome::{failure, reason, shortened};
use crate::driver::Event;

impl Adyen {
    pub(super) fn prepare(&mut self, now: Mono) {
        let service_id = self.chance.service_id(self.wall(now)).to_string();
        let body = RequestBody::Diagnosis {
            host_diagnosis_flag: false,
        };
        let asked = self.ask(Category::Diagnosis, service_id, body, now + ANSWER_WITHIN);
        self.doing = asked.map_or(Doing::Nothing, Doing::Preparing);
    }

    pub(super) fn prepared(&mut self, said: DiagnosisResponse, now: Mono) {
        let status = said.poi_status.map(|status| status.global_status);
        let result = said.response.result.as_str();
        let condition = said.response.error_condition.as_deref();
        let refusal = match (result, condition, status.as_deref()) {
            ("Success", _, None | Some("OK")) => None,
            (_, Some("Busy" | "InProgress"), _) | ("Success", _, Some("Busy")) => {
                Some((PaymentFailureCode::Busy, "the terminal is busy".to_owned()))
            }
            _ => Some((
                PaymentFailureCode::Refused,
                format!(
                    "the terminal is out of service: {}",
                    reason(&said.response)
                        .or_else(|| status.as_deref().map(shortened))
                        .unwrap_or_else(|| "it does not say why".to_owned())
                ),
            )),
        };
        match refusal {
            Some((code, text)) => self.say(Event::NotReady(failure(code, true, text))),
            None => {
                let wall = self.wall(now);
                let chance = &mut self.chance;
                let promised = *self.promised.get_or_insert_with(|| chance.service_id(wall));
                self.say(Event::Ready {
                    baseline: Some(Baseline {
                        receipt_no: None,
                        terminal_txn_ref: Some(promised.to_string()),
                    }),
                });
            }
        }
    }

    pub(super) fn unprepared(&mut self, text: String) {
        self.say(Event::NotReady(at_tray(
            PaymentFailureCode::Unreachable,
            text,
        )));
    }
}
