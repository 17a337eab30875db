//! HTTP/1.1 over TCP and TLS, with connections that are kept for the next request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Uri};
use hyper_util::rt::TokioIo;
use quillback_plugin_api::{Category, DriverError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Connections to one address that are kept while nobody uses them.
const KEPT: usize = 16;

type Sender = SendRequest<Full<Bytes>>;

/// Sends requests.
pub struct Http {
    tls: Arc<ClientConfig>,
    connect_timeout: Duration,
    kept: Mutex<HashMap<String, Vec<Sender>>>,
    is_closed: AtomicBool,
}

/// A request.
pub struct Request<'r> {
    /// Method.
    pub method: Method,
    /// Whole address, `http` or `https`.
    pub url: &'r str,
    /// The header `Authorization`.
    pub authorization: Option<&'r str>,
    /// Type and text of the body.
    pub content: Option<(&'static str, String)>,
    /// Further headers.
    pub headers: &'r [(&'r str, &'r str)],
}

/// An answer, read whole.
pub struct Answer {
    /// Status, such as 200.
    pub status: u16,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Http {
    /// Makes connections with this encryption, each within `connect_timeout`.
    pub fn new(tls: Arc<ClientConfig>, connect_timeout: Duration) -> Self {
        Self {
            tls,
            connect_timeout,
            kept: Mutex::default(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Sends a request and reads its answer, whatever its status.
    ///
    /// # Errors
    /// `Connect` when there is no answer; with `connection_lost` when the request may have arrived all the same.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer, DriverError> {
        if self.is_closed.load(Ordering::Acquire) {
            let message = "the connection was closed";
            return Err(DriverError::new(Category::Unavailable, message));
        }
        let uri: Uri = request
            .url
            .parse()
            .map_err(|_| DriverError::new(Category::Config, "an address cannot be read"))?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let place = format!("{}://{authority}", uri.scheme_str().unwrap_or("http"));
        // Connections that the other side closed while nobody looked notice it now.
        tokio::task::yield_now().await;
        let mut sender = None;
        let mut response = None;
        // A connection that the other side closed meanwhile takes nothing; the request was not sent then.
        while let Some(mut kept) = self.kept(&place) {
            match kept
                .send_request(message(&request, &uri, &authority)?)
                .await
            {
                Err(error) if error.is_canceled() => {}
                answered => {
                    response = Some(answered.map_err(|_| lost())?);
                    sender = Some(kept);
                    break;
                }
            }
        }
        let (response, sender) = if let (Some(response), Some(sender)) = (response, sender) {
            (response, sender)
        } else {
            let mut fresh = self.connect(&uri).await?;
            let message = message(&request, &uri, &authority)?;
            let answered = fresh.send_request(message).await;
            (answered.map_err(|_| lost())?, fresh)
        };
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|_| lost())?;
        self.keep(place, sender);
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    }

    fn kept(&self, place: &str) -> Option<Sender> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let there = kept.get_mut(place)?;
        while let Some(sender) = there.pop() {
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn keep(&self, place: String, sender: Sender) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let there = kept.entry(place).or_default();
        if there.len() < KEPT && !sender.is_closed() {
            there.push(sender);
        }
    }

    /// Closes the connections that nobody uses, and makes no more.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    async fn connect(&self, uri: &Uri) -> Result<Sender, DriverError> {
        let connecting = tokio::time::timeout(self.connect_timeout, self.open(uri));
        connecting.await.unwrap_or_else(|_| {
            let message = format!(
                "{} did not let us connect within `connect_timeout_ms`",
                uri.host().unwrap_or_default()
            );
            Err(DriverError::new(Category::Connect, message))
        })
    }

    async fn open(&self, uri: &Uri) -> Result<Sender, DriverError> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_encrypted = uri.scheme_str() == Some("https");
        let port = uri
            .port_u16()
            .unwrap_or(if is_encrypted { 443 } else { 80 });
        let failed = |why: &dyn std::fmt::Display| {
            DriverError::new(Category::Connect, format!("cannot reach {host}: {why}"))
        };
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(|error| failed(&error.kind()))?;
        let _ = stream.set_nodelay(true);
        if !is_encrypted {
            return handshake(stream).await.map_err(|error| failed(&error));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(|error| {
            failed(&format!(
                "{error} (the option `root_certificate` names an authority to trust)"
            ))
        })?;
        handshake(stream).await.map_err(|error| failed(&error))
    }
}

async fn handshake<S>(stream: S) -> Result<Sender, hyper::Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends when the sender is dropped; what breaks it is told to whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn message(
    request: &Request<'_>,
    uri: &Uri,
    authority: &str,
) -> Result<hyper::Request<Full<Bytes>>, DriverError> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut builder = hyper::Request::builder()
        .method(request.method.clone())
        .uri(path)
        .header(HOST, authority)
        .header(USER_AGENT, concat!("quillback/", env!("CARGO_PKG_VERSION")));
    if let Some(authorization) = request.authorization {
        builder = builder.header(AUTHORIZATION, authorization);
    }
    for (name, value) in request.headers {
        builder = builder.header(*name, *value);
    }
    let mut body = Bytes::new();
    if let Some((kind, text)) = &request.content {
        builder = builder.header(CONTENT_TYPE, *kind);
        body = Bytes::from(text.clone());
    }
    // The error may hold the token.
    builder.body(Full::new(body)).map_err(|_| {
        let message = "the credentials hold characters that cannot be sent";
        DriverError::new(Category::Auth, message)
    })
}

fn lost() -> DriverError {
    let message = "the connection to the service broke before its answer was there";
    DriverError {
        connection_lost: true,
        ..DriverError::new(Category::Connect, message)
    }
}
