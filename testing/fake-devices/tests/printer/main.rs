//! The virtual printer as its hosts see it: over sockets, and by the pictures it leaves.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod host;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod program;
#[cfg(test)]
mod tickets;
