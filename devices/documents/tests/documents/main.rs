//! Documents in, dots out: what other people's readers make of them, what is refused and how, and that
//! nothing anybody sends makes a decoder panic.
//!
//! Needs `zbarimg` (Debian package zbar-tools) to read the codes back.

#[cfg(test)]
mod codes;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod made;
#[cfg(test)]
mod pdf;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod scan;
