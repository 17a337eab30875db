//! Drivers, instances and streams as C objects.

use std::ffi::c_void;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::panic::guard;
use super::runtime;
use super::task::{Answer, Failure, Reply, launch, ready};
use crate::abi::{self, Object, ObjectVTable, Slice, kind, op};
use crate::driver::{Driver, Instance, RowStream, ServerInfo};
use crate::error::{Category, DriverError};
use crate::message::{self, Latest};
use crate::rows::RowBuffer;

/// Something that the server holds and asks.
pub(super) trait Serve: Send + Sync + 'static {
    const KIND: u32;

    /// The runtime that its calls run in.
    fn runtime(&self) -> &Handle;

    /// Starts a call. What is wrong with the request is told at once.
    fn serve(self: Arc<Self>, op: u32, flags: u32, request: &[u8]) -> Result<abi::Future, Failure>;
}

struct Table<T>(std::marker::PhantomData<T>);

impl<T: Serve> Table<T> {
    const VTABLE: ObjectVTable = ObjectVTable {
        #[expect(clippy::cast_possible_truncation, reason = "the struct has 24 bytes")]
        size: size_of::<ObjectVTable>() as u32,
        kind: T::KIND,
        invoke: invoke::<T>,
        drop: drop_object::<T>,
    };
}

/// Gives the object away.
pub(super) fn object<T: Serve>(made: Arc<T>) -> Object {
    Object {
        ptr: Arc::into_raw(made).cast_mut().cast(),
        vtable: &Table::<T>::VTABLE,
    }
}

unsafe extern "C" fn invoke<T: Serve>(
    ptr: *mut c_void,
    op: u32,
    flags: u32,
    request: Slice,
) -> abi::Future {
    let ptr = ptr.cast::<T>().cast_const();
    // SAFETY: the pointer came from `object` and the server holds the object during the call.
    let this = unsafe {
        Arc::increment_strong_count(ptr);
        Arc::from_raw(ptr)
    };
    // SAFETY: the server lends the request for the call.
    let request = unsafe { request.as_bytes() };
    let failure = match guard(|| this.serve(op, flags, request)) {
        Ok(Ok(future)) => return future,
        Ok(Err(failure)) => failure,
        Err(panicked) => Failure::Panic(panicked),
    };
    // SAFETY: as above.
    let runtime = unsafe { &*ptr }.runtime();
    ready(runtime.clone(), Err(failure))
}

unsafe extern "C" fn drop_object<T: Serve>(ptr: *mut c_void) {
    let _ = guard(|| {
        // SAFETY: the pointer came from `object`, and this is the only time that the server drops it.
        let this = unsafe { Arc::from_raw(ptr.cast::<T>().cast_const()) };
        let runtime = this.runtime().clone();
        let _entered = runtime.enter();
        drop(this);
    });
}

pub(super) struct DriverObject<D> {
    pub(super) driver: D,
    pub(super) runtime: Handle,
}

impl<D: Driver> Serve for DriverObject<D> {
    const KIND: u32 = kind::DRIVER;

    fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn serve(self: Arc<Self>, op: u32, flags: u32, request: &[u8]) -> Result<abi::Future, Failure> {
        if op != op::OPEN {
            return Err(Failure::UnknownOp);
        }
        let options = message::decode_secret_json(request)?;
        // A connection stays with the runtime that it was opened in: its sockets and tasks are registered there.
        let runtime = runtime::current_or_own()?;
        let home = runtime.clone();
        Ok(launch(runtime, flags, async move {
            let instance = self.driver.open(options).await?;
            Ok(Reply::object(Arc::new(InstanceObject {
                instance,
                server: Latest::default(),
                runtime: home,
            })))
        }))
    }
}

pub(super) struct InstanceObject<I> {
    instance: I,
    server: Latest<ServerInfo>,
    runtime: Handle,
}

impl<I: Instance> Serve for InstanceObject<I> {
    const KIND: u32 = kind::INSTANCE;

    fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn serve(self: Arc<Self>, op: u32, flags: u32, request: &[u8]) -> Result<abi::Future, Failure> {
        Ok(match op {
            op::PING => self.call(flags, |this| async move {
                let server = this.instance.ping().await?;
                Ok(Reply::bytes(this.server.encode(server)?))
            }),
            op::INTROSPECT => {
                let what = message::decode_json(request)?;
                self.call(flags, |this| async move {
                    let catalog = this.instance.introspect(what).await?;
                    Ok(Reply::bytes(message::encode_json(&catalog)?))
                })
            }
            op::APPLY => {
                let batch = message::decode_batch(request)?;
                self.call(flags, |this| async move {
                    let outcome = this.instance.apply(batch).await?;
                    Ok(Reply::bytes(message::encode_outcome(&outcome)?))
                })
            }
            op::STREAM => {
                let select = message::decode_select(request)?;
                self.call(flags, |this| async move {
                    let stream = this.instance.stream(select).await?;
                    let headings = message::encode_columns(stream.columns())?;
                    let object = StreamObject::new(stream, this.runtime.clone());
                    Ok(Reply::object(Arc::new(object)).with_payload(headings))
                })
            }
            op::DEFINE => {
                let changes = message::decode_json(request)?;
                self.call(flags, |this| async move {
                    this.instance.define(changes).await?;
                    Ok(Reply::empty())
                })
            }
            op::RENDER => {
                let batch = message::decode_batch(request)?;
                let rendered = self.instance.render(&batch)?;
                let reply = Reply::bytes(message::encode_rendered(&rendered)?);
                ready(self.runtime.clone(), Ok(reply))
            }
            op::RENDER_DDL => {
                let changes: Vec<_> = message::decode_json(request)?;
                let rendered = self.instance.render_ddl(&changes)?;
                let reply = Reply::bytes(message::encode_json(&rendered)?);
                ready(self.runtime.clone(), Ok(reply))
            }
            op::CLOSE => self.call(flags, |this| async move {
                this.instance.close().await;
                Ok(Reply::empty())
            }),
            _ => return Err(Failure::UnknownOp),
        })
    }
}

impl<I: Instance> InstanceObject<I> {
    fn call<F>(self: Arc<Self>, flags: u32, work: impl FnOnce(Arc<Self>) -> F) -> abi::Future
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        launch(self.runtime.clone(), flags, work(self))
    }
}

struct StreamObject<S> {
    /// The stream and the size of its latest piece; away while a piece is read, and after the last one. A call that
    /// is dropped takes the stream with it, which ends the query.
    stream: Mutex<Option<(S, usize)>>,
    runtime: Handle,
}

impl<S: RowStream> StreamObject<S> {
    fn new(stream: S, runtime: Handle) -> Self {
        Self {
            stream: Mutex::new(Some((stream, 0))),
            runtime,
        }
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<(S, usize)>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: RowStream> Serve for StreamObject<S> {
    const KIND: u32 = kind::STREAM;

    fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn serve(self: Arc<Self>, op: u32, flags: u32, _: &[u8]) -> Result<abi::Future, Failure> {
        if op != op::NEXT {
            return Err(Failure::UnknownOp);
        }
        let taken = self.slot().take();
        let Some((mut stream, latest)) = taken else {
            let message = "the result has ended, or another piece of it is being read";
            return Err(DriverError::new(Category::Protocol, message).into());
        };
        let runtime = self.runtime.clone();
        Ok(launch(runtime, flags, async move {
            // Pieces of one result are about the same size: room for one and a bit saves growing in steps.
            let room = latest + latest / 8 + 64;
            let mut rows = RowBuffer::with_capacity(stream.columns().len(), room);
            let more = stream.next(&mut rows).await?;
            let size = rows.bytes().len();
            if more {
                *self.slot() = Some((stream, size));
            } else {
                drop(stream);
            }
            Ok(Reply::bytes(message::finish_piece(rows)?).with_more(more))
        }))
    }
}
