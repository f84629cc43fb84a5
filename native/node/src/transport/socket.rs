//! A socket that is ready for the handshake, and its halves under a link.

use std::io::{self, IoSlice};
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::os;
use super::tls::TlsSocket;

/// A connection, with TLS around it or without.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Tls(Arc<TlsSocket>),
}

impl Socket {
    /// Whether the peer may speak for nodes of `host`: its certificate, if it has shown one, names it.
    pub(crate) fn speaks_for(&self, host: &str) -> io::Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Tls(socket) => socket.speaks_for(host),
        }
    }

    /// Appends what has come; 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read_buf(buffer).await,
            Self::Tls(socket) => socket.read(buffer).await,
        }
    }

    pub(crate) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes).await,
            Self::Tls(socket) => socket.write_all(bytes).await,
        }
    }

    pub(crate) fn into_split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Tcp(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            Self::Tls(socket) => (ReadHalf::Tls(socket.clone()), WriteHalf::Tls(socket)),
        }
    }
}

/// The half that the reader task has.
pub(crate) enum ReadHalf {
    Tcp(OwnedReadHalf),
    Tls(Arc<TlsSocket>),
}

impl ReadHalf {
    /// Appends what has come; 0 at the end. Cancel-safe.
    pub(crate) async fn read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.read_buf(buffer).await,
            Self::Tls(socket) => socket.read(buffer).await,
        }
    }

    /// The socket below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(half) => half.as_ref(),
            Self::Tls(socket) => socket.tcp(),
        }
    }

    /// The same, or `WouldBlock`.
    pub(crate) fn try_read(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_read_buf(buffer),
            Self::Tls(socket) => socket.try_read(buffer),
        }
    }

    /// The same, whether or not the runtime was told that something has come.
    pub(crate) fn read_now(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => os::read_now(half.as_ref(), buffer),
            Self::Tls(socket) => socket.read_now(buffer),
        }
    }
}

/// The half that senders and the writer task share.
pub(crate) enum WriteHalf {
    Tcp(OwnedWriteHalf),
    Tls(Arc<TlsSocket>),
}

impl WriteHalf {
    /// Takes as much as there is room for, at least one byte, or `WouldBlock`. What is taken may still need a
    /// [`WriteHalf::try_flush`].
    pub(crate) fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write_vectored(slices),
            Self::Tls(socket) => socket.try_write(slices),
        }
    }

    /// Gives the kernel what was taken, or `WouldBlock` while something of it is left.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Tls(socket) => socket.try_flush(),
        }
    }

    /// Returns when the kernel may have room.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(half) => half.writable().await,
            Self::Tls(socket) => socket.writable().await,
        }
    }
}
