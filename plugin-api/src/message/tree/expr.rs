//! Conditions.

use super::statement::{put_select, take_select};
use super::{
    Put, Take, put_flag, put_ident, put_list, put_table, take_flag, take_ident, take_list,
    take_table, unknown,
};
use crate::codec::{self, Reader};
use crate::error::{Category, DriverError};
use crate::sql::{Compare, Expr, TextMatch};
use crate::value::{Value, ValueRef};

/// Conditions nest at most this deep, so that none exhausts the stack of whoever reads or prints it.
const MAX_DEPTH: u32 = 128;

mod node {
    pub(super) const TRUE: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const OR: u8 = 3;
    pub(super) const NOT: u8 = 4;
    pub(super) const COMPARE: u8 = 5;
    pub(super) const SAME: u8 = 6;
    pub(super) const IS_NULL: u8 = 7;
    pub(super) const IN: u8 = 8;
    pub(super) const IN_SELECT: u8 = 9;
    pub(super) const MATCH: u8 = 10;
    pub(super) const LAST_KEY: u8 = 11;
}

pub(super) fn put_expr(out: &mut Vec<u8>, expr: &Expr, depth: u32) -> Put {
    if depth >= MAX_DEPTH {
        return Err(too_deep(Category::Unsupported));
    }
    let inner = |out: &mut Vec<u8>, part: &Expr| put_expr(out, part, depth + 1);
    match expr {
        Expr::True => out.push(node::TRUE),
        Expr::False => out.push(node::FALSE),
        Expr::And(parts) => {
            out.push(node::AND);
            put_list(out, parts, inner)?;
        }
        Expr::Or(parts) => {
            out.push(node::OR);
            put_list(out, parts, inner)?;
        }
        Expr::Not(part) => {
            out.push(node::NOT);
            inner(out, part)?;
        }
        Expr::InSelect { column, select } => {
            out.push(node::IN_SELECT);
            put_ident(out, column)?;
            put_select(out, select, depth + 1)?;
        }
        leaf => put_leaf(out, leaf)?,
    }
    Ok(())
}

fn put_leaf(out: &mut Vec<u8>, expr: &Expr) -> Put {
    match expr {
        Expr::Compare { column, op, value } => {
            out.push(node::COMPARE);
            put_ident(out, column)?;
            out.push(match op {
                Compare::Eq => 0,
                Compare::Ne => 1,
                Compare::Lt => 2,
                Compare::Le => 3,
                Compare::Gt => 4,
                Compare::Ge => 5,
            });
            codec::put_value(out, value);
        }
        Expr::Same { column, value } => {
            out.push(node::SAME);
            put_ident(out, column)?;
            codec::put_value(out, value);
        }
        Expr::IsNull(column) => {
            out.push(node::IS_NULL);
            put_ident(out, column)?;
        }
        Expr::In { column, values } => {
            out.push(node::IN);
            put_ident(out, column)?;
            put_list(out, values, |out, value| {
                codec::put_value(out, value);
                Ok(())
            })?;
        }
        Expr::Match {
            column,
            how,
            ignore_case,
            text,
        } => {
            out.push(node::MATCH);
            put_ident(out, column)?;
            out.push(match how {
                TextMatch::Contains => 0,
                TextMatch::StartsWith => 1,
            });
            put_flag(out, *ignore_case);
            codec::put_value(out, text);
        }
        Expr::LastKey { table, column } => {
            out.push(node::LAST_KEY);
            put_table(out, table)?;
            put_ident(out, column)?;
        }
        Expr::True
        | Expr::False
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Not(_)
        | Expr::InSelect { .. } => {}
    }
    Ok(())
}

pub(super) fn take_expr(reader: &mut Reader<'_>, depth: u32) -> Take<Expr> {
    if depth >= MAX_DEPTH {
        return Err(too_deep(Category::Protocol));
    }
    let inner = |reader: &mut Reader<'_>| take_expr(reader, depth + 1);
    Ok(match reader.u8()? {
        node::TRUE => Expr::True,
        node::FALSE => Expr::False,
        node::AND => Expr::And(take_list(reader, inner)?),
        node::OR => Expr::Or(take_list(reader, inner)?),
        node::NOT => Expr::Not(Box::new(inner(reader)?)),
        node::IN_SELECT => Expr::InSelect {
            column: take_ident(reader)?,
            select: Box::new(take_select(reader, depth + 1)?),
        },
        leaf => return take_leaf(reader, leaf),
    })
}

fn take_leaf(reader: &mut Reader<'_>, node: u8) -> Take<Expr> {
    Ok(match node {
        node::COMPARE => Expr::Compare {
            column: take_ident(reader)?,
            op: match reader.u8()? {
                0 => Compare::Eq,
                1 => Compare::Ne,
                2 => Compare::Lt,
                3 => Compare::Le,
                4 => Compare::Gt,
                5 => Compare::Ge,
                _ => return unknown("comparison"),
            },
            value: take_value(reader)?,
        },
        node::LAST_KEY => Expr::LastKey {
            table: take_table(reader)?,
            column: take_ident(reader)?,
        },
        node::SAME => Expr::Same {
            column: take_ident(reader)?,
            value: take_value(reader)?,
        },
        node::IS_NULL => Expr::IsNull(take_ident(reader)?),
        node::IN => Expr::In {
            column: take_ident(reader)?,
            values: take_list(reader, take_value)?,
        },
        node::MATCH => Expr::Match {
            column: take_ident(reader)?,
            how: match reader.u8()? {
                0 => TextMatch::Contains,
                1 => TextMatch::StartsWith,
                _ => return unknown("way to search"),
            },
            ignore_case: take_flag(reader)?,
            text: take_value(reader)?,
        },
        _ => return unknown("condition"),
    })
}

fn take_value(reader: &mut Reader<'_>) -> Take<Value> {
    Ok(reader.value().map(ValueRef::to_owned)?)
}

fn too_deep(category: Category) -> DriverError {
    let message = format!("a condition nests deeper than {MAX_DEPTH}");
    DriverError::new(category, message)
}
