//! What the runtime does not offer of a socket: a mark below which data wakes nobody, and a read that does not ask whether it
//! was woken. And a timer finer than the runtime's millisecond.
//!
//! Limits: Linux; elsewhere each of them is `Unsupported`.

#[cfg(target_os = "linux")]
pub(super) use linux::{Timer, read_now, set_low_water};
#[cfg(not(target_os = "linux"))]
pub(super) use other::{Timer, read_now, set_low_water};

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    use std::time::Duration;

    use bytes::{BufMut, BytesMut};
    use rustix::net::{RecvFlags, recv};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::net::TcpStream;

    /// One descriptor.
    pub(crate) struct Timer(AsyncFd<OwnedFd>);

    impl Timer {
        pub(crate) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let fd = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[allow(unsafe_code, reason = "tokio waits for a descriptor not its own in no other way")]
            // SAFETY: the `AsyncFd` owns the descriptor and closes it after it has left the reactor.
            let timer = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
            Ok(Self(timer?))
        }

        /// Cancel-safe: the next wait begins anew.
        pub(crate) async fn wait(&self, time: Duration) -> io::Result<()> {
            let once = Itimerspec {
                it_interval: Timespec::default(),
                it_value: time.try_into().map_err(|_| io::ErrorKind::InvalidInput)?,
            };
            timerfd_settime(self.0.get_ref().as_fd(), TimerfdTimerFlags::empty(), &once)?;
            self.0.readable().await?.clear_ready();
            Ok(())
        }
    }

    /// Fewer bytes than these wake nobody; the end of the stream does.
    pub(crate) fn set_low_water(socket: &TcpStream, bytes: i32) -> io::Result<()> {
        #[allow(unsafe_code, reason = "no crate that we know has SO_RCVLOWAT")]
        // SAFETY: the descriptor is open while `socket` is borrowed; the option is an `int`, which lives as long as the call.
        let set = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_RCVLOWAT,
                (&raw const bytes).cast(),
                size_of::<i32>() as libc::socklen_t,
            )
        };
        if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Appends what has come as far as there is room; 0 at the end, `WouldBlock` when nothing has.
    pub(crate) fn read_now(socket: &TcpStream, buffer: &mut BytesMut) -> io::Result<usize> {
        let (_, read) = recv(socket, buffer.spare_capacity_mut(), RecvFlags::DONTWAIT)?;
        #[allow(unsafe_code, reason = "a buffer cannot know what the kernel has filled")]
        // SAFETY: the kernel has filled so many bytes of the spare capacity.
        unsafe {
            buffer.advance_mut(read);
        }
        Ok(read)
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::io;
    use std::time::Duration;

    use bytes::BytesMut;
    use tokio::net::TcpStream;

    pub(crate) struct Timer;

    impl Timer {
        pub(crate) fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(crate) async fn wait(&self, _: Duration) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    pub(crate) fn set_low_water(_: &TcpStream, _: i32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn read_now(_: &TcpStream, _: &mut BytesMut) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
