//! The virtual printers as their hosts see them: over sockets, and by the pictures they leave.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod fgl;
#[cfg(test)]
mod host;
#[cfg(test)]
mod ipp;
#[cfg(test)]
mod pictures;
#[cfg(test)]
mod program;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod zpl;
