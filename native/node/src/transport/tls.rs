//! A TLS session and its socket, driven as the plain socket is: without waiting, from any task.
//!
//! tokio-rustls shakes hands; from then on the session is driven here, since its stream can be written to by one task
//! only, and links are written to by whoever sends.
//!
//! - The session takes plaintext only when the ciphertext of before is in the kernel, and at most [`TAKEN`] of it. So
//!   what waits still waits in the link's queue, where it is counted and bounded.
//! - A peer that ends the connection without saying so in TLS has ended it: frames have lengths, so that nothing
//!   can be cut off unnoticed.
//! - Dropping the socket says goodbye (`close_notify`) if the kernel has room for that.
//!
//! Limits: one lock for both directions; a sender waits while one read is decrypted.

use std::io::{self, BufRead, IoSlice, Write};

use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{CertificateError, Connection, Error};

use super::context::server_name;
use super::os;

/// The most plaintext that is encrypted at a time.
const TAKEN: usize = 256 << 10;
/// What is read from the kernel at a time: a record has at most 16 KiB and its frame.
const READ: usize = 17 << 10;

/// A connection with TLS around it.
pub(crate) struct TlsSocket {
    tcp: TcpStream,
    session: Mutex<Session>,
}

struct Session {
    tls: Connection,
    /// Ciphertext that the session has not taken yet.
    received: BytesMut,
}

impl TlsSocket {
    /// A session whose handshake is over.
    pub(super) fn new(tcp: TcpStream, mut tls: Connection) -> Self {
        tls.set_buffer_limit(Some(TAKEN));
        Self { tcp, session: Mutex::new(Session { tls, received: BytesMut::new() }) }
    }

    /// Whether the peer's certificate names `host`.
    pub(super) fn speaks_for(&self, host: &str) -> io::Result<()> {
        let session = self.session.lock();
        let own = session.tls.peer_certificates().and_then(|chain| chain.first());
        let checked = match (own, server_name(host)) {
            (None, _) => Err(Error::NoCertificatesPresented),
            (Some(_), None) => Err(CertificateError::NotValidForName.into()),
            (Some(own), Some(name)) => {
                ParsedCertificate::try_from(own).and_then(|own| verify_server_name(&own, &name))
            }
        };
        checked.map_err(broken)
    }

    /// The socket below.
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Cancel-safe.
    pub(super) async fn read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        loop {
            match self.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.tcp.readable().await?,
                done => return done,
            }
        }
    }

    pub(super) fn try_read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        self.take(buffer, |received| self.tcp.try_read_buf(received))
    }

    /// The same, whether or not the runtime was told that something has come.
    pub(super) fn read_now(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        self.take(buffer, |received| os::read_now(&self.tcp, received))
    }

    /// Appends plaintext; `read` appends ciphertext.
    fn take(
        &self,
        buffer: &mut BytesMut,
        read: impl Fn(&mut BytesMut) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut session = self.session.lock();
        let before = buffer.len();
        // As the plain socket: what has room, and no less while there is more.
        let room = (buffer.capacity() - before).max(1);
        loop {
            let taken = session.take_plaintext(buffer, before + room);
            let total = buffer.len() - before;
            match taken {
                Ok(0) => return Ok(total),
                Ok(_) if total < room => {}
                Ok(_) => return Ok(total),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match session.receive(&self.tcp, &read) {
                        Ok(()) => {}
                        // What came before the failure is handed out first; the next read meets it again.
                        Err(_) if total > 0 => return Ok(total),
                        Err(error) => return Err(error),
                    }
                }
                Err(_) if total > 0 => return Ok(total),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut session = self.session.lock();
        session.send(&self.tcp)?;
        let taken = session.tls.writer().write_vectored(slices)?;
        match session.send(&self.tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    pub(super) fn try_flush(&self) -> io::Result<()> {
        self.session.lock().send(&self.tcp)
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        self.tcp.writable().await
    }

    pub(super) async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        loop {
            let written = match bytes.is_empty() {
                true => self.try_flush().map(|()| 0),
                false => self.try_write(&[IoSlice::new(bytes)]),
            };
            match written {
                Ok(_) if bytes.is_empty() => return Ok(()),
                Ok(written) => bytes.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Session {
    /// Appends the plaintext that is ready, up to a length of `full`; 0 after the peer's goodbye, `WouldBlock` when there
    /// is none.
    fn take_plaintext(&mut self, buffer: &mut BytesMut, full: usize) -> io::Result<usize> {
        let mut reader = self.tls.reader();
        let ready = reader.fill_buf()?;
        let len = ready.len().min(full - buffer.len());
        buffer.extend_from_slice(ready.get(..len).unwrap_or_default());
        reader.consume(len);
        Ok(len)
    }

    /// Decrypts what is there, or `WouldBlock`.
    fn receive(
        &mut self,
        tcp: &TcpStream,
        read: impl Fn(&mut BytesMut) -> io::Result<usize>,
    ) -> io::Result<()> {
        if self.received.is_empty() {
            self.received.reserve(READ);
            // The end of the stream is the session's business, too: it takes an empty read for that.
            read(&mut self.received)?;
        }
        let mut rest = &*self.received;
        self.tls.read_tls(&mut rest)?;
        let taken = self.received.len() - rest.len();
        self.received.advance(taken);
        let processed = self.tls.process_new_packets();
        // An answer of TLS itself, such as an alert or new keys. What the kernel does not take now goes out with
        // the next write.
        match self.send(tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock && processed.is_ok() => {
                return Err(error);
            }
            _ => {}
        }
        processed.map(drop).map_err(broken)
    }

    /// Writes the ciphertext that waits, or `WouldBlock` when something of it is left.
    fn send(&mut self, tcp: &TcpStream) -> io::Result<()> {
        while self.tls.wants_write() {
            if self.tls.write_tls(&mut Kernel(tcp))? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }
}

impl Drop for TlsSocket {
    fn drop(&mut self) {
        let session = self.session.get_mut();
        session.tls.send_close_notify();
        let _best_effort = session.send(&self.tcp);
    }
}

fn broken(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// The socket as the session writes to it.
struct Kernel<'a>(&'a TcpStream);

impl Write for Kernel<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
