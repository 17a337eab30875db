//! `POST /export/{schema}.csv`: rows of a schema as a file that is written while it is sent.
//!
//! It is a POST with a JSON body, and no link that a browser could follow, for two reasons. The rules of the GraphQL
//! endpoint hold unchanged: a bearer token is enough, and a cookie needs the own-request header and an own origin, which
//! no other site can send. And filters hold values of rows: in an address they would end up in histories and in the logs
//! of proxies. A one-time link would avoid the first and not the second, and would be a secret in an address.
//!
//! Rows are read in a task of their own that hands over one piece at a time, so that a slow client costs the memory of
//! two pieces, and the end of the export comes into the audit trail however it ends.

use std::{
    fmt::Write as _,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http_body_util::StreamBody;
use hyper::{
    Method, StatusCode,
    body::Frame,
    header::{self, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tracing::Instrument as _;

use super::{
    HttpOptions, Lifecycle, PublicError, RequestContext, RequestMeta, body, credentials, graphql,
    metrics, request,
};
use crate::logging;

/// Exports that run at the same time; each reads from a database for as long as it takes.
const AT_ONCE: usize = 8;

/// Longest time that a client may take no piece.
const STALLED: Duration = Duration::from_mins(1);

/// What is to be taken out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Wanted {
    /// The schema, from the address.
    #[serde(skip)]
    pub schema: String,
    /// `RowFilter` as in GraphQL.
    pub filter: Json,
    /// List of `RowSort` as in GraphQL.
    pub sort: Json,
    /// Whether the file starts with a byte order mark.
    pub byte_order_mark: bool,
    /// Whether texts that spreadsheets would run as formulas stay as they are.
    pub keep_formulas: bool,
}

impl Wanted {
    /// Reads the body of a request: a JSON object, because a list would be taken by position.
    fn read(body: &[u8]) -> Result<Self, PublicError> {
        let object: Result<Map<String, Json>, _> = serde_json::from_slice(body);
        object
            .and_then(|object| serde_json::from_value(Json::Object(object)))
            .map_err(|error| PublicError::bad_request(format!("the body cannot be read: {error}")))
    }
}

/// How an export ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client has the whole file.
    Complete,
    /// The client went away or took nothing any more.
    Abandoned,
    /// It could not be finished.
    Failed,
}

/// Where the pieces of a file come from.
pub trait Source: Send {
    /// Name of the file, without its ending.
    fn name(&self) -> String;

    /// The next piece; `None` behind the end. What went wrong was logged.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<String>, ()>>;

    /// Called once, at the end.
    fn end(self: Box<Self>, how: Ended) -> BoxFuture<'static, ()>;
}

/// Authenticates the caller, checks the right, and opens the source.
pub type Open = Arc<
    dyn Fn(RequestMeta, Wanted) -> BoxFuture<'static, Result<Box<dyn Source>, PublicError>>
        + Send
        + Sync,
>;

/// The endpoint.
pub(super) struct Exports {
    open: Open,
    options: HttpOptions,
    lifecycle: Lifecycle,
    slots: Arc<Semaphore>,
}

/// The route of the endpoint.
pub(super) fn routes(open: Open, options: HttpOptions, lifecycle: Lifecycle) -> Router {
    let exports = Exports {
        open,
        options,
        lifecycle,
        slots: Arc::new(Semaphore::new(AT_ONCE)),
    };
    Router::new()
        .route("/export/{file}", any(handle))
        .with_state(Arc::new(exports))
}

async fn handle(
    State(exports): State<Arc<Exports>>,
    Path(file): Path<String>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let answered = exports.answer(&file, request).await;
    let outcome = match &answered {
        Ok(_) => "ok",
        Err(error) if error.status.is_server_error() => "internal",
        Err(_) => "error",
    };
    metrics::record_operation("export", outcome, started.elapsed());
    answered.unwrap_or_else(IntoResponse::into_response)
}

impl Exports {
    async fn answer(&self, file: &str, request: Request) -> Result<Response, PublicError> {
        let (meta, wanted) = self.receive(file, request).await?;
        let busy = "too many exports are running; try again in a moment";
        let slot = Arc::clone(&self.slots)
            .try_acquire_owned()
            .map_err(|_| PublicError::unavailable(busy, 5))?;
        let left = meta.deadline.saturating_duration_since(Instant::now());
        let opening = AssertUnwindSafe((self.open)(meta, wanted)).catch_unwind();
        let opened = tokio::time::timeout(left, opening).await.map_err(|_| {
            let message = "the database took longer than the time for a request";
            PublicError::http(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
        })?;
        let source =
            opened.unwrap_or_else(|_| Err(PublicError::internal(&logging::incident_of_panic())))?;
        let name = source.name();
        let (pieces, received) = mpsc::channel(1);
        let pump = pump(source, pieces, self.lifecycle.clone(), slot);
        self.lifecycle
            .spawn(pump.instrument(tracing::Span::current()));
        Ok(file_response(&name, received))
    }

    async fn receive(
        &self,
        file: &str,
        request: Request,
    ) -> Result<(RequestMeta, Wanted), PublicError> {
        let (parts, body) = request.into_parts();
        let limits = &self.options.limits;
        if parts.method != Method::POST {
            let message = "exports use POST with a JSON body";
            return Err(PublicError::http(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                message,
            )
            .header(header::ALLOW, HeaderValue::from_static("POST")));
        }
        let Some(schema) = file.strip_suffix(".csv") else {
            let message = "exports are CSV files: the address ends with the schema's id and .csv";
            return Err(PublicError::http(
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                message,
            ));
        };
        let credentials = credentials(&parts.headers, &self.options.cookie, &self.options.origins)?;
        graphql::require_json(&parts.headers)?;
        let arrival = Duration::from_millis(limits.body_arrival_ms);
        let bytes = body::read(&parts.headers, body, limits.body_bytes, arrival).await?;
        let wanted = Wanted::read(&bytes)?;
        let context = parts.extensions.get::<RequestContext>();
        let context = context.ok_or_else(|| PublicError::internal(&crate::ids::incident()))?;
        let meta = RequestMeta {
            request_id: context.request_id.clone(),
            credentials,
            client_address: context.client_address,
            deadline: Instant::now() + Duration::from_millis(limits.deadline_ms),
            user_agent: request::user_agent(&parts.headers),
        };
        let schema = schema.to_owned();
        Ok((meta, Wanted { schema, ..wanted }))
    }
}

type Piece = Result<Bytes, std::io::Error>;

/// Hands the pieces over until the end, whatever the end is.
async fn pump(
    mut source: Box<dyn Source>,
    pieces: mpsc::Sender<Piece>,
    lifecycle: Lifecycle,
    _slot: OwnedSemaphorePermit,
) {
    let handing = AssertUnwindSafe(hand_over(source.as_mut(), &pieces)).catch_unwind();
    let ended = tokio::select! {
        ended = handing => ended.unwrap_or_else(|_| {
            logging::incident_of_panic();
            Ended::Failed
        }),
        // A file that takes for ever must not keep the server from stopping.
        () = lifecycle.stopping() => Ended::Failed,
    };
    // The trail is written before the client can know that the file is whole.
    source.end(ended).await;
    if ended == Ended::Failed {
        let broken = std::io::Error::other("the export could not be finished");
        // The body breaks off, so that the client does not take half a file for a whole one.
        let _ = tokio::time::timeout(STALLED, pieces.send(Err(broken))).await;
    }
}

async fn hand_over(source: &mut dyn Source, pieces: &mpsc::Sender<Piece>) -> Ended {
    loop {
        let piece = tokio::select! {
            piece = source.next() => piece,
            () = pieces.closed() => return Ended::Abandoned,
        };
        let piece = match piece {
            Ok(Some(piece)) => Bytes::from(piece),
            Ok(None) => return Ended::Complete,
            Err(()) => return Ended::Failed,
        };
        match tokio::time::timeout(STALLED, pieces.send(Ok(piece))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return Ended::Abandoned,
        }
    }
}

fn file_response(name: &str, mut received: mpsc::Receiver<Piece>) -> Response {
    let pieces = futures_util::stream::poll_fn(move |context| received.poll_recv(context));
    let frames = futures_util::StreamExt::map(pieces, |piece| piece.map(Frame::data));
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
    );
    if let Ok(disposition) = HeaderValue::try_from(disposition(name)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// The name twice: in ASCII for old clients, and in full (<https://www.rfc-editor.org/rfc/rfc6266#section-4.3>).
fn disposition(name: &str) -> String {
    let name: String = name.chars().take(100).collect();
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_. ".contains(character);
    let ascii: String = name
        .chars()
        .map(|character| if plain(character) { character } else { '_' })
        .collect();
    let mut full = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            full.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(full, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{ascii}.csv\"; filename*=UTF-8''{full}.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let text = disposition("Größe\"; x=\r\n1/2");
        assert_eq!(
            text,
            "attachment; filename=\"Gr__e__ x___1_2.csv\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%22%3B%20x%3D%0D%0A1%2F2.csv"
        );
        assert!(HeaderValue::try_from(text).is_ok());
    }

    #[test]
    fn what_is_misspelled_in_the_body_is_refused() {
        assert!(Wanted::read(b"{}").is_ok());
        assert!(Wanted::read(b"[]").is_err());
        let error = Wanted::read(br#"{"filtr": {}}"#).unwrap_err();
        assert!(error.message.contains("filtr"), "{error}");
    }
}
