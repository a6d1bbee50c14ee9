//! The virtual terminal, paid at by the real driver over TCP.

#[cfg(test)]
mod payments;
#[cfg(test)]
mod program;
#[cfg(test)]
mod till;
