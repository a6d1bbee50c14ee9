//! What every driver does, whatever it speaks, against a [`peer::Peer`] that speaks the same.
//!
//! To let a driver pass it: write a peer beside `zvt.rs` and call [`suite::run`].

mod adyen;
mod caisse_ap;
mod desk;
mod peer;
mod suite;
mod zvt;
