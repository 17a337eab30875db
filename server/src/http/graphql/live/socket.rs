//! Subscriptions over WebSocket: many on one connection, in the `graphql-transport-ws` protocol.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::Executor;
use axum::{
    extract::{
        FromRequestParts,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use hyper::{HeaderMap, header, http::request::Parts};
use tokio::{sync::mpsc, task::AbortHandle};

use super::{
    Shared, next,
    protocol::{
        self, Closing, FAILED, FORBIDDEN, GOING_AWAY, INIT_TIMEOUT, INVALID, SILENT, Said, TAKEN,
        TOO_BIG, TOO_MANY_INITS, UNAUTHORIZED,
    },
    start,
};
use crate::http::{
    Open, PublicError, RequestContext, RequestMeta,
    graphql::{Envelope, limit_exceeded, respond},
    request, socket_credentials,
};

/// Name of the protocol.
const PROTOCOL: &str = "graphql-transport-ws";

/// Messages that wait to be written; a subscription whose message does not fit waits with it.
const WAITING: usize = 16;

/// Longest time that a client may take to read a message.
const WRITE: Duration = Duration::from_secs(20);

/// Time between two signs of life.
const BEAT: Duration = Duration::from_secs(20);

/// Time without a sign of life after which the client is taken to be gone.
const SILENCE: Duration = Duration::from_mins(1);

/// Whether the client wants a WebSocket.
pub(in crate::http::graphql) fn is_wanted(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Turns the connection into a WebSocket.
///
/// # Errors
/// Another site asks, the credentials cannot be read, or another protocol is wanted: then nothing is turned.
pub(in crate::http::graphql) async fn upgrade<E: Executor>(
    endpoint: Shared<E>,
    parts: &mut Parts,
) -> Result<Response, PublicError> {
    let options = &endpoint.options;
    let credentials = socket_credentials(&parts.headers, &options.cookie, &options.origins)?;
    if endpoint.lifecycle.is_stopping() {
        return Err(PublicError::unavailable("the server is stopping", 1));
    }
    let context = parts.extensions.get::<RequestContext>();
    let context = context.ok_or_else(|| PublicError::internal(&crate::ids::incident()))?;
    let meta = RequestMeta {
        request_id: context.request_id.clone(),
        credentials,
        client_address: context.client_address,
        deadline: Instant::now(),
        user_agent: request::user_agent(&parts.headers),
    };
    let open = parts.extensions.get::<Open>().cloned();
    let upgrade = WebSocketUpgrade::from_request_parts(parts, &()).await;
    let bytes = options.limits.message_bytes;
    let upgrade = upgrade
        .map_err(|refused| PublicError::bad_request(refused.body_text()))?
        .protocols([PROTOCOL])
        .max_message_size(bytes)
        .max_frame_size(bytes);
    if upgrade.selected_protocol().is_none() {
        return Err(PublicError::bad_request(
            "the WebSocket protocol must be graphql-transport-ws: offer it in Sec-WebSocket-Protocol",
        ));
    }
    let lifecycle = endpoint.lifecycle.clone();
    Ok(upgrade.on_upgrade(move |socket| async move {
        let talk = Talk::new(endpoint, meta);
        // The shutdown waits for the farewell; the connection counts as open until then.
        let ended = lifecycle.spawn(talk.hold(socket)).await;
        if ended.is_err() {
            tracing::error!("a WebSocket broke off");
        }
        drop(open);
    }))
}

/// What a subscription wants to be written.
enum Out {
    Event(String),
    End {
        id: String,
        generation: u64,
        message: String,
    },
    Close(Closing),
}

/// One connection.
struct Talk<E> {
    endpoint: Shared<E>,
    meta: RequestMeta,
    is_acknowledged: bool,
    /// Subscriptions by their names; the number tells two of the same name apart.
    running: HashMap<String, (u64, AbortHandle)>,
    generation: u64,
    outgoing: mpsc::Sender<Out>,
    waiting: mpsc::Receiver<Out>,
}

impl<E: Executor> Talk<E> {
    fn new(endpoint: Shared<E>, meta: RequestMeta) -> Self {
        let (outgoing, waiting) = mpsc::channel(WAITING);
        Self {
            endpoint,
            meta,
            is_acknowledged: false,
            running: HashMap::new(),
            generation: 0,
            outgoing,
            waiting,
        }
    }

    async fn hold(mut self, mut socket: WebSocket) {
        let closing = self.talk(&mut socket).await;
        for (_, task) in self.running.values() {
            task.abort();
        }
        if let Some(Closing(code, reason)) = closing {
            let frame = CloseFrame {
                code,
                reason: reason.into(),
            };
            write(&mut socket, Message::Close(Some(frame))).await;
        }
    }

    /// Talks until the end; answers how to close, if the client is still there.
    async fn talk(&mut self, socket: &mut WebSocket) -> Option<Closing> {
        let lifecycle = self.endpoint.lifecycle.clone();
        let patience = Duration::from_millis(self.endpoint.options.limits.socket_init_ms);
        let first = tokio::time::sleep(patience);
        tokio::pin!(first);
        let mut beat = tokio::time::interval(BEAT);
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                biased;
                () = lifecycle.stopping() => return Some(GOING_AWAY),
                () = &mut first, if !self.is_acknowledged => return Some(INIT_TIMEOUT),
                Some(out) = self.waiting.recv() => match self.out(out) {
                    Ok(text) => Message::Text(text.into()),
                    Err(closing) => return Some(closing),
                },
                received = socket.recv() => {
                    heard = Instant::now();
                    match self.received(received?).await {
                        Ok(Some(text)) => Message::Text(text.into()),
                        Ok(None) => continue,
                        Err(closing) => return closing,
                    }
                }
                _ = beat.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Some(SILENT);
                    }
                    Message::Ping(Vec::new().into())
                }
            };
            if !write(socket, message).await {
                return None;
            }
        }
    }

    fn out(&mut self, out: Out) -> Result<String, Closing> {
        match out {
            Out::Event(text) => Ok(text),
            Out::End {
                id,
                generation,
                message,
            } => {
                if self
                    .running
                    .get(&id)
                    .is_some_and(|(one, _)| *one == generation)
                {
                    self.running.remove(&id);
                }
                Ok(message)
            }
            Out::Close(closing) => Err(closing),
        }
    }

    /// Works on what came in; answers what to write, or how to close.
    async fn received(
        &mut self,
        received: Result<Message, axum::Error>,
    ) -> Result<Option<String>, Option<Closing>> {
        let text = match received {
            Ok(Message::Text(text)) => text,
            Ok(Message::Ping(_) | Message::Pong(_)) => return Ok(None),
            Ok(Message::Binary(_)) => return Err(Some(INVALID)),
            // The kinds of errors are not shown.
            Err(error) if error.to_string().starts_with("Space limit exceeded") => {
                return Err(Some(TOO_BIG));
            }
            Ok(Message::Close(_)) | Err(_) => return Err(None),
        };
        match Said::read(&text)? {
            Said::Init(_) if self.is_acknowledged => Err(Some(TOO_MANY_INITS)),
            Said::Init(credentials) => {
                self.meta.credentials = credentials.or_else(|| self.meta.credentials.take());
                self.admit().await?;
                Ok(Some(protocol::acknowledge()))
            }
            Said::Ping => Ok(Some(protocol::pong())),
            Said::Pong => Ok(None),
            Said::Complete(id) => {
                if let Some((_, task)) = self.running.remove(&id) {
                    task.abort();
                }
                Ok(None)
            }
            Said::Subscribe { .. } if !self.is_acknowledged => Err(Some(UNAUTHORIZED)),
            Said::Subscribe { id, envelope } => Ok(self.subscribe(id, envelope)?),
        }
    }

    fn meta(&self) -> RequestMeta {
        let limits = &self.endpoint.options.limits;
        RequestMeta {
            deadline: Instant::now() + Duration::from_millis(limits.deadline_ms),
            ..self.meta.clone()
        }
    }

    /// Finds out who it is; nobody has nothing to subscribe to.
    async fn admit(&mut self) -> Result<(), Closing> {
        let prepared = (self.endpoint.prepare)(self.meta()).await;
        let caller = prepared.map_err(|_| FAILED)?.caller;
        self.is_acknowledged = caller.is_some();
        caller.map(|_| ()).ok_or(FORBIDDEN)
    }

    fn subscribe(&mut self, id: String, envelope: Envelope) -> Result<Option<String>, Closing> {
        if self.running.contains_key(&id) {
            return Err(TAKEN);
        }
        let most = self.endpoint.options.limits.socket_subscriptions;
        if self.running.len() >= most {
            return Ok(Some(errors(
                &id,
                &limit_exceeded("socket_subscriptions", most),
            )));
        }
        self.generation += 1;
        let one = One {
            id: id.clone(),
            generation: self.generation,
            outgoing: self.outgoing.clone(),
        };
        let work = one.run(Arc::clone(&self.endpoint), envelope, self.meta());
        let task = tokio::spawn(work).abort_handle();
        self.running.insert(id, (self.generation, task));
        Ok(None)
    }
}

/// One subscription of a connection.
struct One {
    id: String,
    generation: u64,
    outgoing: mpsc::Sender<Out>,
}

impl One {
    async fn run<E: Executor>(self, endpoint: Shared<E>, envelope: Envelope, meta: RequestMeta) {
        let message = match start(&endpoint, envelope, meta).await {
            Err(error) => errors(&self.id, &error),
            Ok(mut running) => loop {
                match next(&mut running).await {
                    None => break protocol::complete(&self.id),
                    Some(Err(error)) => break errors(&self.id, &error),
                    Some(Ok(response)) => {
                        let (payload, is_signed_out) =
                            respond::payload(response, running.suggestions);
                        let event = protocol::event(&self.id, &payload);
                        self.put(Out::Event(event)).await;
                        if is_signed_out {
                            self.put(Out::Close(UNAUTHORIZED)).await;
                            return;
                        }
                    }
                }
            },
        };
        let end = Out::End {
            id: self.id.clone(),
            generation: self.generation,
            message,
        };
        self.put(end).await;
    }

    /// Waits until the client has read enough; meanwhile news are brought together by the feed.
    async fn put(&self, out: Out) {
        // Nobody reads any more when the connection has ended, and then this task is stopped.
        let _ = self.outgoing.send(out).await;
    }
}

fn errors(id: &str, error: &PublicError) -> String {
    let body = error.to_json();
    protocol::refused(id, body.get("errors").unwrap_or(&serde_json::Value::Null))
}

/// Writes a message; false when the client is gone or does not read.
async fn write(socket: &mut WebSocket, message: Message) -> bool {
    matches!(
        tokio::time::timeout(WRITE, socket.send(message)).await,
        Ok(Ok(()))
    )
}
