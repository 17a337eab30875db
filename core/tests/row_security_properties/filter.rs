//! The filters of the API in three-valued logic: a comparison with what has no value is neither true nor false.

use quillback_core::read::{Filter, FilterOp};
use serde_json::Value as Json;

use super::value::{Kind, Val};
use super::world::{COLUMNS, Row, column};

/// Whether a row is what a filter asks for.
pub(super) fn holds(filter: &Filter, row: &Row) -> Option<bool> {
    match filter {
        Filter::And(all) => every(all.iter().map(|one| holds(one, row))),
        Filter::Or(any) => {
            let opposites = any.iter().map(|one| holds(one, row).map(|holds| !holds));
            every(opposites).map(|none| !none)
        }
        Filter::Not(one) => holds(one, row).map(|holds| !holds),
        Filter::Field { name, op, value } => field(name, *op, value, row),
    }
}

/// False when one is false, unknown when one is unknown, else true.
fn every(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let all: Vec<_> = all.collect();
    if all.contains(&Some(false)) {
        Some(false)
    } else {
        (!all.contains(&None)).then_some(true)
    }
}

fn field(name: &str, op: FilterOp, json: &Json, row: &Row) -> Option<bool> {
    let value = row.value(name);
    let kind = column(name).map_or(kind_of(&row.key), |at| COLUMNS[at].1);
    let one = || Val::of_json(json, kind);
    let compared = |test: &dyn Fn(&Val) -> bool| {
        let other = one();
        (*value != Val::Null && other != Val::Null).then(|| test(&other))
    };
    match op {
        FilterOp::IsNull => Some((*value == Val::Null) == (json.as_bool() != Some(false))),
        FilterOp::Eq if json.is_null() => Some(*value == Val::Null),
        FilterOp::Ne if json.is_null() => Some(*value != Val::Null),
        FilterOp::Eq => compared(&|other| value == other),
        FilterOp::Ne => compared(&|other| value != other),
        FilterOp::Lt => compared(&|other| value < other),
        FilterOp::Le => compared(&|other| value <= other),
        FilterOp::Gt => compared(&|other| value > other),
        FilterOp::Ge => compared(&|other| value >= other),
        FilterOp::In | FilterOp::NotIn => {
            let others = list(json, kind);
            let is_in = match (others.is_empty(), value) {
                (true, _) => Some(false),
                (false, Val::Null) => None,
                (false, value) => Some(others.contains(value)),
            };
            is_in.map(|is_in| is_in == (op == FilterOp::In))
        }
        FilterOp::Between => {
            let others = list(json, kind);
            (*value != Val::Null).then(|| others[0] <= *value && *value <= others[1])
        }
        FilterOp::Contains | FilterOp::StartsWith => {
            let Val::Text(text) = value else {
                return None;
            };
            let (text, wanted) = (text.to_lowercase(), json.as_str().unwrap().to_lowercase());
            Some(if op == FilterOp::Contains {
                text.contains(&wanted)
            } else {
                text.starts_with(&wanted)
            })
        }
    }
}

fn list(json: &Json, kind: Kind) -> Vec<Val> {
    let all = json.as_array().unwrap().iter();
    let all = all.map(|json| Val::of_json(json, kind));
    all.filter(|value| *value != Val::Null).collect()
}

fn kind_of(key: &Val) -> Kind {
    match key {
        Val::Whole(_) => Kind::Whole,
        Val::Uuid(_) => Kind::Uuid,
        _ => Kind::Text,
    }
}
