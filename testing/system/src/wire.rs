//! A wire between two programs that can be cut: a TCP relay on loopback.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Carries connections to a port until the process ends.
pub struct Wire {
    port: u16,
    open: Arc<Mutex<Vec<TcpStream>>>,
    is_cut: Arc<AtomicBool>,
}

impl Wire {
    /// Lays a wire to `to_port` of loopback.
    ///
    /// # Errors
    /// When there is no port for it.
    pub fn start(to_port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let wire = Self {
            port: listener.local_addr()?.port(),
            open: Arc::default(),
            is_cut: Arc::default(),
        };
        let (open, is_cut) = (Arc::clone(&wire.open), Arc::clone(&wire.is_cut));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to_port));
                // What the other end does not take is closed at once, as by a refusal.
                let Some(far) = far.ok().filter(|_| !is_cut.load(Ordering::SeqCst)) else {
                    continue;
                };
                if let Err(error) = carry(&near, &far, &open) {
                    eprintln!("a wire could not carry a connection: {error}");
                }
            }
        });
        Ok(wire)
    }

    /// Where programs connect.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection on it; new ones come to nothing until [`Wire::mend`].
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for end in open.drain(..) {
            // It may have ended by itself, which is as good.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Carries again.
    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn carry(near: &TcpStream, far: &TcpStream, open: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    for end in [near, far] {
        end.set_nodelay(true)?;
        let kept = end.try_clone()?;
        open.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(kept);
    }
    for (from, to) in [(near, far), (far, near)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        std::thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
