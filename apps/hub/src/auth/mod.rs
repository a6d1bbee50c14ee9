//! Who is asking: agents sign their requests, the box office shows a key.

pub mod caller;
pub mod hub_key;
pub mod nonce;
pub mod signature;

pub use caller::{
    Caller, Need, ToKnowItself, ToManage, ToPay, ToPrint, ToRead, ToSeeAudit, ToSeeFleet,
    ToSeeJobs, ToSeePayments, key_opens,
};
pub use hub_key::HubKey;
