//! The text of the C header, from the constants and the layout of the boundary.

use std::fmt::Write;

use quillback_plugin_api::abi::{
    LAYOUT, Layout, MAGIC, MAJOR, MINOR, flag, kind, level, op, poll, status,
};

const TOP: &str = "\
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
extern \"C\" {
#define QUILLBACK_ASSERT(claim) static_assert(claim, #claim)
#else
#define QUILLBACK_ASSERT(claim) _Static_assert(claim, #claim)
#endif

";

const BOTTOM: &str = "
#undef QUILLBACK_ASSERT
#ifdef __cplusplus
}
#endif
#endif
";

/// Names of the structs in Rust and in C, what they are, and their fields.
const STRUCTS: &[(&str, &str, &str, &[&str])] = &[
    (
        "Slice",
        "slice",
        "Bytes borrowed for the duration of a call.",
        &["const uint8_t *ptr", "size_t len"],
    ),
    (
        "Bytes",
        "bytes",
        "Bytes that whoever holds them frees with `free`, unless it is null.",
        &[
            "uint8_t *ptr",
            "size_t len",
            "size_t cap",
            "void (*free)(uint8_t *ptr, size_t len, size_t cap)",
        ],
    ),
    (
        "WakerVTable",
        "waker_vtable",
        "What can be done with a waker: `wake` and `drop` consume it.",
        &[
            "const quillback_waker *(*clone)(const quillback_waker *)",
            "void (*wake)(const quillback_waker *)",
            "void (*wake_by_ref)(const quillback_waker *)",
            "void (*drop)(const quillback_waker *)",
        ],
    ),
    (
        "Waker",
        "waker",
        "Tells the server to poll again. The server keeps more behind it.",
        &["const quillback_waker_vtable *vtable"],
    ),
    (
        "Object",
        "object",
        "Something of the driver's that the server holds; all null when there is none.",
        &["void *ptr", "const quillback_object_vtable *vtable"],
    ),
    (
        "Future",
        "future",
        "A call under way: `poll` answers QUILLBACK_POLL_READY once it has written `out`.",
        &[
            "void *state",
            "uint32_t (*poll)(void *state, const quillback_waker *waker, quillback_outcome *out)",
            "void (*drop)(void *state)",
        ],
    ),
    (
        "ObjectVTable",
        "object_vtable",
        "What can be done with an object; `size` is that of this struct, `kind` one of QUILLBACK_KIND_*.",
        &[
            "uint32_t size",
            "uint32_t kind",
            "quillback_future (*invoke)(void *object, uint32_t op, uint32_t flags, quillback_slice request)",
            "void (*drop)(void *object)",
        ],
    ),
    (
        "Outcome",
        "outcome",
        "What a call came to; `more` tells whether there may be another piece of a result.",
        &[
            "uint32_t status",
            "uint32_t more",
            "quillback_bytes payload",
            "quillback_object object",
        ],
    ),
    (
        "Host",
        "host",
        "What the server offers; it lives as long as the process. `size` is that of this struct.",
        &[
            "uint32_t size",
            "uint16_t abi_minor",
            "uint16_t worker_threads",
            "uint32_t log_level",
            "uint32_t reserved",
            "const void *context",
            "void (*log)(const void *context, uint32_t level, quillback_slice target, quillback_slice message)",
        ],
    ),
    (
        "Plugin",
        "plugin",
        "What a driver exports; it lives as long as the process. `size` is that of this struct.",
        &[
            "uint64_t magic",
            "uint16_t abi_major",
            "uint16_t abi_minor",
            "uint32_t size",
            "quillback_bytes (*describe)(void)",
            "void (*init)(const quillback_host *host, quillback_outcome *out)",
            "void (*shutdown)(uint32_t timeout_ms)",
        ],
    ),
];

/// The whole header.
pub(crate) fn header() -> String {
    let mut out = String::from(TOP);
    let _ = writeln!(out, "#define QUILLBACK_MAGIC UINT64_C(0x{MAGIC:016x})");
    for (group, names) in constants() {
        out.push('\n');
        for (name, number) in names {
            let _ = writeln!(out, "#define QUILLBACK_{group}{name} {number}u");
        }
    }
    out.push('\n');
    for (_, name, ..) in STRUCTS {
        let _ = writeln!(out, "typedef struct quillback_{name} quillback_{name};");
    }
    for (_, name, what, fields) in STRUCTS {
        let _ = writeln!(out, "\n/* {what} */\nstruct quillback_{name} {{");
        for field in *fields {
            let _ = writeln!(out, "    {field};");
        }
        out.push_str("};\n");
    }
    out.push('\n');
    for (rust, name, ..) in STRUCTS {
        for layout in LAYOUT.iter().filter(|layout| layout.name == *rust) {
            put_asserts(&mut out, name, layout);
        }
    }
    out.push_str(BOTTOM);
    out
}

fn put_asserts(out: &mut String, name: &str, layout: &Layout) {
    let Layout { size, fields, .. } = layout;
    let _ = writeln!(out, "QUILLBACK_ASSERT(sizeof(quillback_{name}) == {size});");
    for (field, at) in *fields {
        let _ = writeln!(
            out,
            "QUILLBACK_ASSERT(offsetof(quillback_{name}, {field}) == {at});"
        );
    }
}

type Constants = Vec<(&'static str, u32)>;

fn constants() -> Vec<(&'static str, Constants)> {
    vec![
        (
            "ABI_",
            vec![("MAJOR", MAJOR.into()), ("MINOR", MINOR.into())],
        ),
        (
            "KIND_",
            vec![
                ("DRIVER", kind::DRIVER),
                ("INSTANCE", kind::INSTANCE),
                ("STREAM", kind::STREAM),
            ],
        ),
        (
            "OP_",
            vec![
                ("OPEN", op::OPEN),
                ("PING", op::PING),
                ("INTROSPECT", op::INTROSPECT),
                ("APPLY", op::APPLY),
                ("STREAM", op::STREAM),
                ("NEXT", op::NEXT),
                ("DEFINE", op::DEFINE),
                ("RENDER", op::RENDER),
                ("RENDER_DDL", op::RENDER_DDL),
                ("CLOSE", op::CLOSE),
            ],
        ),
        ("FLAG_", vec![("ISOLATE", flag::ISOLATE)]),
        (
            "STATUS_",
            vec![
                ("OK", status::OK),
                ("ERROR", status::ERROR),
                ("UNSUPPORTED", status::UNSUPPORTED),
                ("PANIC", status::PANIC),
            ],
        ),
        (
            "POLL_",
            vec![("PENDING", poll::PENDING), ("READY", poll::READY)],
        ),
        (
            "LEVEL_",
            vec![
                ("ERROR", level::ERROR),
                ("WARN", level::WARN),
                ("INFO", level::INFO),
                ("DEBUG", level::DEBUG),
            ],
        ),
    ]
}
