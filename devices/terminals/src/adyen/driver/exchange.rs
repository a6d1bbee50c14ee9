//! One request and its answer: made, encrypted, posted; decrypted, and known to be the answer to it.

use cueline_model::Mono;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Adyen;
use crate::adyen::message::{Category, Reply, Request, RequestBody};
use crate::adyen::secured::SecuredMessage;
use crate::driver::Output;

/// One request whose answer is waited for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) exchange: u64,
    pub(super) category: Category,
    pub(super) service_id: String,
    pub(super) until: Mono,
}

#[derive(Serialize)]
struct PlainRequest {
    #[serde(rename = "SaleToPOIRequest")]
    request: Request,
}

#[derive(Serialize)]
struct SecuredRequest {
    #[serde(rename = "SaleToPOIRequest")]
    request: SecuredMessage,
}

#[derive(Deserialize)]
struct SecuredReply {
    #[serde(rename = "SaleToPOIResponse")]
    reply: SecuredMessage,
}

#[derive(Deserialize)]
struct PlainReply {
    #[serde(rename = "SaleToPOIResponse")]
    reply: Reply,
}

impl Adyen {
    /// Encrypts a request and has it posted.
    pub(super) fn ask(
        &mut self,
        category: Category,
        service_id: String,
        body: RequestBody,
        until: Mono,
    ) -> Option<Asked> {
        let header = self.parties.header(category, service_id.clone());
        let clear = RawValue::from_string(serde_json::to_string(&header).ok()?).ok()?;
        let plain = serde_json::to_vec(&PlainRequest {
            request: Request {
                message_header: header,
                body,
            },
        });
        let request = self.key.seal(clear, &plain.ok()?, self.chance.draw());
        self.exchanges += 1;
        let exchange = self.exchanges;
        let body = serde_json::to_vec(&SecuredRequest { request }).ok()?;
        self.outputs.push_back(Output::Post { exchange, body });
        Some(Asked {
            exchange,
            category,
            service_id,
            until,
        })
    }

    /// Decrypts an answer and makes sure that it is the answer to this.
    pub(super) fn read(&self, asked: &Asked, body: &[u8]) -> Result<Reply, String> {
        let secured: SecuredReply = serde_json::from_slice(body)
            .map_err(|_| "read the terminal's answer: expected an encrypted message".to_owned())?;
        let plain = self
            .key
            .open(&secured.reply)
            .map_err(|error| error.to_string())?;
        // The parser's own words may quote what is in the message.
        let PlainReply { reply } = serde_json::from_slice(&plain).map_err(|error| {
            format!(
                "read the terminal's answer: expected a message of nexo 3.0, got something else at column {}",
                error.column()
            )
        })?;
        let header = &reply.message_header;
        if header.service_id != asked.service_id || header.message_category != asked.category {
            return Err(format!(
                "read the terminal's answer: expected the one to {}, got another one's",
                asked.service_id
            ));
        }
        Ok(reply)
    }
}
