//! Devices against real sockets and files: the virtual printer, and peers that misbehave.

#[cfg(test)]
mod counts;
#[cfg(test)]
mod escpos;
#[cfg(test)]
mod file;
#[cfg(test)]
mod noise;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod raw;
#[cfg(test)]
#[cfg(unix)]
mod serial;
