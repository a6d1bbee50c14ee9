//! What every driver does, whatever it speaks, against a [`peer::Peer`] that speaks the same.
//!
//! To let a driver pass it: write a peer beside `zvt.rs` and call [`suite::run`].

#[cfg(test)]
mod adyen;
#[cfg(test)]
mod caisse_ap;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod zvt;
