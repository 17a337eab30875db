/* The interface between the Quillback server and a database driver, for drivers that are not written in Rust.
 *
 * Written by `cargo run -p quillback-plugin-api --example header`; do not edit.
 *
 * A driver is a library called libquillback_driver_<id>.so (.dylib, quillback_driver_<id>.dll) that exports one function
 *
 *     const quillback_plugin *quillback_driver_v1__<name>(void);
 *
 * - No function unwinds, and none blocks.
 * - Objects are used from any thread, by several calls at once. A future is polled by one thread at a time.
 * - A future holds what it needs: the order in which futures and objects are dropped does not matter.
 * - A future is dropped exactly once; when it is not ready yet, that cancels the call.
 * - A request is borrowed until invoke returns. What a side allocated, that side frees.
 * - The waker given to poll is borrowed; a driver that keeps it calls clone first.
 *
 * What requests and answers hold is documented in the crate quillback-plugin-api, module `message`. */
#ifndef QUILLBACK_DRIVER_H
#define QUILLBACK_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define QUILLBACK_ASSERT(claim) static_assert(claim, #claim)
#else
#define QUILLBACK_ASSERT(claim) _Static_assert(claim, #claim)
#endif

#define QUILLBACK_MAGIC UINT64_C(0x016b626c6c697551)

#define QUILLBACK_ABI_MAJOR 1u
#define QUILLBACK_ABI_MINOR 0u

#define QUILLBACK_KIND_DRIVER 1u
#define QUILLBACK_KIND_INSTANCE 2u
#define QUILLBACK_KIND_STREAM 3u

#define QUILLBACK_OP_OPEN 1u
#define QUILLBACK_OP_PING 2u
#define QUILLBACK_OP_INTROSPECT 3u
#define QUILLBACK_OP_APPLY 4u
#define QUILLBACK_OP_STREAM 5u
#define QUILLBACK_OP_NEXT 6u
#define QUILLBACK_OP_DEFINE 7u
#define QUILLBACK_OP_RENDER 8u
#define QUILLBACK_OP_RENDER_DDL 9u
#define QUILLBACK_OP_CLOSE 10u

#define QUILLBACK_FLAG_ISOLATE 1u

#define QUILLBACK_STATUS_OK 0u
#define QUILLBACK_STATUS_ERROR 1u
#define QUILLBACK_STATUS_UNSUPPORTED 2u
#define QUILLBACK_STATUS_PANIC 3u

#define QUILLBACK_POLL_PENDING 0u
#define QUILLBACK_POLL_READY 1u

#define QUILLBACK_LEVEL_ERROR 1u
#define QUILLBACK_LEVEL_WARN 2u
#define QUILLBACK_LEVEL_INFO 3u
#define QUILLBACK_LEVEL_DEBUG 4u

typedef struct quillback_slice quillback_slice;
typedef struct quillback_bytes quillback_bytes;
typedef struct quillback_waker_vtable quillback_waker_vtable;
typedef struct quillback_waker quillback_waker;
typedef struct quillback_object quillback_object;
typedef struct quillback_future quillback_future;
typedef struct quillback_object_vtable quillback_object_vtable;
typedef struct quillback_outcome quillback_outcome;
typedef struct quillback_host quillback_host;
typedef struct quillback_plugin quillback_plugin;

/* Bytes borrowed for the duration of a call. */
struct quillback_slice {
    const uint8_t *ptr;
    size_t len;
};

/* Bytes that whoever holds them frees with `free`, unless it is null. */
struct quillback_bytes {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    void (*free)(uint8_t *ptr, size_t len, size_t cap);
};

/* What can be done with a waker: `wake` and `drop` consume it. */
struct quillback_waker_vtable {
    const quillback_waker *(*clone)(const quillback_waker *);
    void (*wake)(const quillback_waker *);
    void (*wake_by_ref)(const quillback_waker *);
    void (*drop)(const quillback_waker *);
};

/* Tells the server to poll again. The server keeps more behind it. */
struct quillback_waker {
    const quillback_waker_vtable *vtable;
};

/* Something of the driver's that the server holds; all null when there is none. */
struct quillback_object {
    void *ptr;
    const quillback_object_vtable *vtable;
};

/* A call under way: `poll` answers QUILLBACK_POLL_READY once it has written `out`. */
struct quillback_future {
    void *state;
    uint32_t (*poll)(void *state, const quillback_waker *waker, quillback_outcome *out);
    void (*drop)(void *state);
};

/* What can be done with an object; `size` is that of this struct, `kind` one of QUILLBACK_KIND_*. */
struct quillback_object_vtable {
    uint32_t size;
    uint32_t kind;
    quillback_future (*invoke)(void *object, uint32_t op, uint32_t flags, quillback_slice request);
    void (*drop)(void *object);
};

/* What a call came to; `more` tells whether there may be another piece of a result. */
struct quillback_outcome {
    uint32_t status;
    uint32_t more;
    quillback_bytes payload;
    quillback_object object;
};

/* What the server offers; it lives as long as the process. `size` is that of this struct. */
struct quillback_host {
    uint32_t size;
    uint16_t abi_minor;
    uint16_t worker_threads;
    uint32_t log_level;
    uint32_t reserved;
    const void *context;
    void (*log)(const void *context, uint32_t level, quillback_slice target, quillback_slice message);
};

/* What a driver exports; it lives as long as the process. `size` is that of this struct. */
struct quillback_plugin {
    uint64_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size;
    quillback_bytes (*describe)(void);
    void (*init)(const quillback_host *host, quillback_outcome *out);
    void (*shutdown)(uint32_t timeout_ms);
};

QUILLBACK_ASSERT(sizeof(quillback_slice) == 16);
QUILLBACK_ASSERT(offsetof(quillback_slice, ptr) == 0);
QUILLBACK_ASSERT(offsetof(quillback_slice, len) == 8);
QUILLBACK_ASSERT(sizeof(quillback_bytes) == 32);
QUILLBACK_ASSERT(offsetof(quillback_bytes, ptr) == 0);
QUILLBACK_ASSERT(offsetof(quillback_bytes, len) == 8);
QUILLBACK_ASSERT(offsetof(quillback_bytes, cap) == 16);
QUILLBACK_ASSERT(offsetof(quillback_bytes, free) == 24);
QUILLBACK_ASSERT(sizeof(quillback_waker_vtable) == 32);
QUILLBACK_ASSERT(offsetof(quillback_waker_vtable, clone) == 0);
QUILLBACK_ASSERT(offsetof(quillback_waker_vtable, wake) == 8);
QUILLBACK_ASSERT(offsetof(quillback_waker_vtable, wake_by_ref) == 16);
QUILLBACK_ASSERT(offsetof(quillback_waker_vtable, drop) == 24);
QUILLBACK_ASSERT(sizeof(quillback_waker) == 8);
QUILLBACK_ASSERT(offsetof(quillback_waker, vtable) == 0);
QUILLBACK_ASSERT(sizeof(quillback_object) == 16);
QUILLBACK_ASSERT(offsetof(quillback_object, ptr) == 0);
QUILLBACK_ASSERT(offsetof(quillback_object, vtable) == 8);
QUILLBACK_ASSERT(sizeof(quillback_future) == 24);
QUILLBACK_ASSERT(offsetof(quillback_future, state) == 0);
QUILLBACK_ASSERT(offsetof(quillback_future, poll) == 8);
QUILLBACK_ASSERT(offsetof(quillback_future, drop) == 16);
QUILLBACK_ASSERT(sizeof(quillback_object_vtable) == 24);
QUILLBACK_ASSERT(offsetof(quillback_object_vtable, size) == 0);
QUILLBACK_ASSERT(offsetof(quillback_object_vtable, kind) == 4);
QUILLBACK_ASSERT(offsetof(quillback_object_vtable, invoke) == 8);
QUILLBACK_ASSERT(offsetof(quillback_object_vtable, drop) == 16);
QUILLBACK_ASSERT(sizeof(quillback_outcome) == 56);
QUILLBACK_ASSERT(offsetof(quillback_outcome, status) == 0);
QUILLBACK_ASSERT(offsetof(quillback_outcome, more) == 4);
QUILLBACK_ASSERT(offsetof(quillback_outcome, payload) == 8);
QUILLBACK_ASSERT(offsetof(quillback_outcome, object) == 40);
QUILLBACK_ASSERT(sizeof(quillback_host) == 32);
QUILLBACK_ASSERT(offsetof(quillback_host, size) == 0);
QUILLBACK_ASSERT(offsetof(quillback_host, abi_minor) == 4);
QUILLBACK_ASSERT(offsetof(quillback_host, worker_threads) == 6);
QUILLBACK_ASSERT(offsetof(quillback_host, log_level) == 8);
QUILLBACK_ASSERT(offsetof(quillback_host, reserved) == 12);
QUILLBACK_ASSERT(offsetof(quillback_host, context) == 16);
QUILLBACK_ASSERT(offsetof(quillback_host, log) == 24);
QUILLBACK_ASSERT(sizeof(quillback_plugin) == 40);
QUILLBACK_ASSERT(offsetof(quillback_plugin, magic) == 0);
QUILLBACK_ASSERT(offsetof(quillback_plugin, abi_major) == 8);
QUILLBACK_ASSERT(offsetof(quillback_plugin, abi_minor) == 10);
QUILLBACK_ASSERT(offsetof(quillback_plugin, size) == 12);
QUILLBACK_ASSERT(offsetof(quillback_plugin, describe) == 16);
QUILLBACK_ASSERT(offsetof(quillback_plugin, init) == 24);
QUILLBACK_ASSERT(offsetof(quillback_plugin, shutdown) == 32);

#undef QUILLBACK_ASSERT
#ifdef __cplusplus
}
#endif
#endif
