//! Messages over a socket: what is written goes out while answers come in, so that neither side waits for the other.
//!
//! Format: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Room that is made for each read.
const READ: usize = 16 * 1024;
/// A buffer that grew beyond this is given back when it is empty.
const KEEP: usize = 1024 * 1024;

/// The socket, whatever it is.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// One message of the server.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
}

/// A socket with its buffers.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Stream,
    input: BytesMut,
    /// Length of the frame that was handed out last and is still at the front of `input`.
    handed_out: usize,
    output: BytesMut,
    /// Bytes sent since `output` was empty, which the socket may still hold back.
    unflushed: usize,
}

impl Wire {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            input: BytesMut::with_capacity(READ),
            handed_out: 0,
            output: BytesMut::with_capacity(READ),
            unflushed: 0,
        }
    }

    /// Where messages are appended; they go out with the next call that waits.
    pub(crate) fn out(&mut self) -> &mut BytesMut {
        &mut self.output
    }

    /// Whether everything that was appended has gone out.
    pub(crate) fn is_sent(&self) -> bool {
        self.output.is_empty()
    }

    /// The stream alone; `None` when something was read ahead, which would be lost.
    pub(crate) fn into_stream(self) -> Option<Stream> {
        self.input.is_empty().then_some(self.stream)
    }

    /// The next message; notices, notifications and changed settings are passed over.
    ///
    /// # Errors
    /// What the socket answers; `UnexpectedEof` when the server closed it; `InvalidData` for an impossible length.
    pub(crate) async fn frame(&mut self) -> io::Result<Frame<'_>> {
        loop {
            self.drop_handed_out();
            let length = self.frame_length().await?;
            self.handed_out = length;
            if !matches!(self.input.first(), Some(b'N' | b'A' | b'S')) {
                break;
            }
        }
        match self.input.get(..self.handed_out) {
            Some([tag, _, _, _, _, body @ ..]) => Ok(Frame { tag: *tag, body }),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn drop_handed_out(&mut self) {
        self.input.advance(self.handed_out);
        if self.handed_out > KEEP && self.input.is_empty() {
            self.input = BytesMut::with_capacity(READ);
        }
        self.handed_out = 0;
    }

    /// Waits until the front of the input is a whole message and answers with its length.
    async fn frame_length(&mut self) -> io::Result<usize> {
        loop {
            if let Some([_tag, a, b, c, d, ..]) = self.input.get(..5) {
                let length = i32::from_be_bytes([*a, *b, *c, *d]);
                let length = usize::try_from(length).unwrap_or(0);
                if length < 4 {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if self.input.len() > length {
                    return Ok(length + 1);
                }
                self.input.reserve(length + 1 - self.input.len());
            }
            std::future::poll_fn(|cx| self.poll_exchange(cx)).await?;
        }
    }

    /// Waits for the one byte that answers a request for encryption.
    ///
    /// # Errors
    /// As [`Wire::frame`].
    pub(crate) async fn byte(&mut self) -> io::Result<u8> {
        while self.input.is_empty() {
            std::future::poll_fn(|cx| self.poll_exchange(cx)).await?;
        }
        Ok(self.input.get_u8())
    }

    /// Sends what is waiting, without expecting an answer.
    ///
    /// # Errors
    /// What the socket answers.
    pub(crate) async fn send(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_send(cx)).await
    }

    /// Whether the server said something, or went away, while nothing was asked.
    pub(crate) fn has_news(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.poll_receive(&mut cx).is_ready()
    }

    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // An error of sending is not the end: the server may have said why before it closed.
        let sent = self.poll_send(cx);
        match (self.poll_receive(cx), sent) {
            (Poll::Ready(received), _) => Poll::Ready(received),
            (Poll::Pending, Poll::Ready(Err(error))) => Poll::Ready(Err(error)),
            (Poll::Pending, _) => Poll::Pending,
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.output))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.advance(written);
            self.unflushed += written;
        }
        if self.unflushed > 0 {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            if self.unflushed > KEEP {
                self.output = BytesMut::with_capacity(READ);
            }
            self.unflushed = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.reserve(READ);
        // This future keeps nothing between polls, so that it may be made anew for each.
        let read = pin!(self.stream.read_buf(&mut self.input));
        match ready!(read.poll(cx))? {
            0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            _ => Poll::Ready(Ok(())),
        }
    }
}
