//! What a person reads about the demo at start-up: the schemas, and the first calls to try.

use std::fmt::Write as _;

use quillback_core::schema::Module;

use super::Demo;

impl Demo {
    /// The schemas with their ids, and three GraphQL calls.
    pub fn told(&self) -> String {
        let mut text = "Demo\n".to_owned();
        for made in &self.schemas {
            let state = if made.is_new { "made" } else { "found" };
            let _ = writeln!(
                text,
                "  {state:<6} {:<20} {:<15} {}",
                made.label,
                module(made.module),
                made.id
            );
        }
        let Some(first) = self.schemas.first() else {
            return text;
        };
        let _ = write!(
            text,
            "\nThree calls to try; README.md has them for the command line:\n  \
             mutation {{ signIn(input: {{ username: \"admin\", password: \"...\" }}) {{ token }} }}\n  \
             {{ schemas {{ id label module }} }}\n  \
             {{ rows(schemaId: \"{}\", first: 3) {{ nodes {{ key values version }} }} }}\n",
            first.id
        );
        text
    }
}

/// The module as GraphQL writes it.
fn module(module: Module) -> &'static str {
    match module {
        Module::AddData => "ADD_DATA",
        Module::DataHelper => "DATA_HELPER",
        Module::DataCorrection => "DATA_CORRECTION",
    }
}
