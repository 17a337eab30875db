//! A listener of our own: it reads the CONNECT packet of the client and behaves as it is told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};

/// What the listener does with whoever connects.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Answers with a REFUSE packet that has this number.
    Refuse(u32),
    /// Answers nothing, and keeps the connection.
    Silent,
    /// Closes the connection.
    HangUp,
    /// Answers with something that is no TNS packet.
    Chatter,
}

/// The listener; it ends when it is dropped.
pub(crate) struct Peer {
    pub(crate) port: u16,
    _kept: Option<Sender<()>>,
}

impl Peer {
    /// Starts it on a free port.
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (kept, end) = channel::<()>();
        std::thread::spawn(move || {
            // The client may try more than once.
            while let Ok((stream, _)) = listener.accept() {
                match manner {
                    Manner::Silent => {
                        // Until the test is over.
                        let _ = end.recv();
                        break;
                    }
                    manner => answer(stream, manner),
                }
            }
        });
        Self {
            port,
            _kept: Some(kept),
        }
    }

    /// A port that was free a moment ago.
    pub(crate) fn nobody() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, _kept: None }
    }
}

/// The header of a packet: its length, a checksum, its type, flags, another checksum.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 8).unwrap();
    let mut packet = length.to_be_bytes().to_vec();
    packet.extend([0, 0, kind, 0, 0, 0]);
    packet.extend(body);
    packet
}

fn answer(mut stream: TcpStream, manner: Manner) {
    let mut request = [0; 4_096];
    let Ok(read) = stream.read(&mut request) else {
        return;
    };
    if read == 0 {
        return;
    }
    let reply = match manner {
        Manner::Refuse(number) => {
            let text = format!(
                "(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR={number})(ERROR_STACK=(ERROR=(CODE={number})(EMFI=4))))"
            );
            // Two reasons, one byte each, then the length of the text.
            let mut body = vec![34, 0];
            body.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
            body.extend(text.as_bytes());
            packet(4, &body)
        }
        Manner::Chatter => b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec(),
        Manner::Silent | Manner::HangUp => return,
    };
    let _ = stream.write_all(&reply);
}
