//! Prints the C header of the plugin interface: `cargo run -p quillback-plugin-api --example header`.

mod text;

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(text::header().as_bytes())
}
