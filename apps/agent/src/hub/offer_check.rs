//! Whether an offer comes from this agent's own hub and brings what it says.

use cueline_model::limits::{DOCUMENT_BYTES_MAX, INLINE_BODY_BYTES_MAX};
use cueline_model::{AgentId, Failure, FailureCode, PaymentFailure, PaymentFailureCode, Stage};
use cueline_wire::cloud::{JobOffer, PaymentOffer, Work};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::client::sha256;

const NOT_SIGNED: &str = "the offer was not signed by the hub this agent is registered with; if \
                          the hub was set up anew, register this agent again";

/// What offers are checked against.
#[derive(Debug, Clone)]
pub struct OfferCheck {
    /// Offers are signed for one agent.
    pub agent: AgentId,
    /// The hub's Ed25519 public key.
    pub hub_key: Vec<u8>,
}

impl OfferCheck {
    /// Checks the signature first: nothing else of an offer counts before it.
    ///
    /// # Errors
    /// The failure that the job is to be ended with.
    pub fn check(&self, offer: &JobOffer) -> Result<(), Failure> {
        if !self.is_signed(&offer.signed_text(self.agent), &offer.signature.0) {
            return Err(Failure {
                code: FailureCode::BadSignature,
                text: NOT_SIGNED.to_owned(),
            });
        }
        let Work::Print(print) = &offer.work;
        let bad = |text: String| Failure {
            code: FailureCode::BadDocument,
            text,
        };
        let announced_bytes = print.document.bytes;
        if announced_bytes > DOCUMENT_BYTES_MAX {
            return Err(bad(format!(
                "the document is {announced_bytes} bytes long; expected {DOCUMENT_BYTES_MAX} at most"
            )));
        }
        let Some(body) = &print.body else {
            return Ok(());
        };
        let bytes = body.0.len() as u64;
        if bytes > INLINE_BODY_BYTES_MAX || bytes != announced_bytes {
            return Err(bad(format!(
                "the document came with {bytes} bytes; {announced_bytes} were announced"
            )));
        }
        if sha256(&body.0) != print.document.sha256 {
            return Err(bad(
                "the document's SHA-256 digest is not the one announced; send it again".to_owned(),
            ));
        }
        Ok(())
    }
}

impl OfferCheck {
    /// Checks a payment's signature.
    ///
    /// # Errors
    /// The failure that the payment is to be ended with.
    pub fn check_payment(&self, offer: &PaymentOffer) -> Result<(), PaymentFailure> {
        if self.is_signed(&offer.signed_text(self.agent), &offer.signature.0) {
            return Ok(());
        }
        Err(PaymentFailure {
            stage: Stage::Agent,
            code: PaymentFailureCode::BadSignature,
            retryable: false,
            text: NOT_SIGNED.to_owned(),
        })
    }

    fn is_signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.hub_key)
            .verify(text.as_bytes(), signature)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use cueline_wire::cloud::PrintWork;

    use super::super::test_hub::{sign_offer, signed_offer};
    use super::*;
    use crate::key::AgentKey;

    fn print(offer: &mut JobOffer) -> &mut PrintWork {
        let Work::Print(print) = &mut offer.work;
        print
    }

    fn check_by(hub_key: &AgentKey, agent: u128) -> OfferCheck {
        OfferCheck {
            agent: AgentId::from_u128(agent),
            hub_key: hub_key.public().to_vec(),
        }
    }

    #[test]
    fn the_hubs_own_offer_is_taken_and_a_changed_one_is_not() {
        let (hub_key, _) = AgentKey::generate().unwrap();
        let (other_key, _) = AgentKey::generate().unwrap();
        let offer = signed_offer(&hub_key, b"ticket");
        let check = check_by(&hub_key, 7);
        assert_eq!(check.check(&offer), Ok(()));

        let mut redirected = offer.clone();
        print(&mut redirected).printer = "office".parse().unwrap();
        let mut copied = offer.clone();
        print(&mut copied).copies = 2;
        let mut later = offer.clone();
        later.attempt = 2;
        for (check, offer) in [
            (&check, &redirected),
            (&check, &copied),
            (&check, &later),
            (&check_by(&hub_key, 8), &offer),
            (&check_by(&other_key, 7), &offer),
        ] {
            let failure = check.check(offer).unwrap_err();
            assert_eq!(failure.code, FailureCode::BadSignature);
        }
    }

    #[test]
    fn a_document_that_is_not_what_was_signed_is_bad() {
        let (hub_key, _) = AgentKey::generate().unwrap();
        let check = check_by(&hub_key, 7);
        let offer = signed_offer(&hub_key, b"ticket");

        let mut other = offer.clone();
        print(&mut other).body = Some(b"ticker".to_vec().into());
        let mut shorter = offer.clone();
        print(&mut shorter).body = Some(b"tick".to_vec().into());
        let mut huge = offer.clone();
        print(&mut huge).body = None;
        print(&mut huge).document.bytes = DOCUMENT_BYTES_MAX + 1;
        sign_offer(&hub_key, &mut huge);
        for offer in [other, shorter, huge] {
            assert_eq!(
                check.check(&offer).unwrap_err().code,
                FailureCode::BadDocument
            );
        }

        let mut fetched = offer;
        print(&mut fetched).body = None;
        assert_eq!(check.check(&fetched), Ok(()));
    }
}
