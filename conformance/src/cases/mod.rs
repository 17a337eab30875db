//! The cases by topic.

mod abi;
mod batch;
mod cancel;
mod concurrency;
mod ddl;
mod errors;
mod filters;
mod identifiers;
mod introspect;
mod keys;
mod locks;
mod marker;
mod neighbours;
mod open;
mod outage;
mod reads;
mod render;
mod search;
mod stream;
mod values;
mod writes;

use crate::case::{Case, Run};
use crate::samples::{self, Sample};

/// Every case, with its topic.
pub(crate) fn all() -> Vec<(&'static str, Vec<Case>)> {
    let of_each_type = |run: fn(&'static Sample) -> Run| {
        let cases = samples::all().map(|sample| Case {
            name: sample.name,
            needs: &[],
            run: run(sample),
        });
        cases.collect()
    };
    vec![
        ("abi", abi::CASES.to_vec()),
        ("open", open::CASES.to_vec()),
        ("types", of_each_type(Run::Column)),
        ("many", of_each_type(Run::Rows)),
        ("values", values::CASES.to_vec()),
        ("identifiers", identifiers::CASES.to_vec()),
        ("filters", filters::CASES.to_vec()),
        ("search", search::CASES.to_vec()),
        ("reads", reads::CASES.to_vec()),
        ("writes", writes::CASES.to_vec()),
        ("keys", keys::CASES.to_vec()),
        ("batch", batch::CASES.to_vec()),
        ("concurrency", concurrency::CASES.to_vec()),
        ("locks", locks::CASES.to_vec()),
        ("marker", marker::CASES.to_vec()),
        ("cancel", cancel::CASES.to_vec()),
        ("errors", errors::CASES.to_vec()),
        ("ddl", ddl::CASES.to_vec()),
        ("introspect", introspect::CASES.to_vec()),
        ("neighbours", neighbours::CASES.to_vec()),
        ("stream", stream::CASES.to_vec()),
        ("render", render::CASES.to_vec()),
        ("outage", outage::CASES.to_vec()),
    ]
}
