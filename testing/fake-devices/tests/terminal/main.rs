//! The virtual terminal, paid at by the real driver over TCP.

mod payments;
mod program;
mod till;
