//! One walk over a tree in a fixed order, for reading its values out and for putting them back.
//!
//! The order is the order of the fields as they are declared. It is part of the plugin interface: never change it.

use crate::batch::{Batch, Step};
use crate::error::DriverError;
use crate::rows::RowBuffer;
use crate::sql::{Assignment, Expr, Select, SetTo, Statement};
use crate::value::Value;

macro_rules! walk {
    ($name:ident, $doc:literal $(, $mut:tt)?) => {
        #[doc = $doc]
        pub(super) mod $name {
            use super::*;

            /// What a walk meets.
            pub(in super::super) enum Slot<'a> {
                /// A value.
                Value(&'a $($mut)? Value),
                /// The rows of an insert.
                Rows(&'a $($mut)? RowBuffer),
            }

            type Visited = Result<(), DriverError>;

            /// Visits the values of a batch.
            pub(in super::super) fn batch(
                batch: &$($mut)? Batch,
                visit: &mut impl FnMut(Slot<'_>) -> Visited,
            ) -> Visited {
                for step in &$($mut)? batch.steps {
                    match step {
                        Step::Read { select: read, .. } => select(read, visit)?,
                        Step::Write { statement: write, .. } => statement(write, visit)?,
                        Step::Check { filter, .. } => expr(filter, visit)?,
                    }
                }
                Ok(())
            }

            /// Visits the values of a select.
            pub(in super::super) fn select(
                select: &$($mut)? Select,
                visit: &mut impl FnMut(Slot<'_>) -> Visited,
            ) -> Visited {
                expr(&$($mut)? select.filter, visit)
            }

            fn statement(
                statement: &$($mut)? Statement,
                visit: &mut impl FnMut(Slot<'_>) -> Visited,
            ) -> Visited {
                match statement {
                    Statement::Insert(insert) => visit(Slot::Rows(&$($mut)? insert.rows)),
                    Statement::Update(update) => {
                        for Assignment { to, .. } in &$($mut)? update.set {
                            match to {
                                SetTo::Value(value) | SetTo::Plus(value) => {
                                    visit(Slot::Value(value))?;
                                }
                            }
                        }
                        expr(&$($mut)? update.filter, visit)
                    }
                    Statement::Delete(delete) => expr(&$($mut)? delete.filter, visit),
                }
            }

            fn expr(
                expr: &$($mut)? Expr,
                visit: &mut impl FnMut(Slot<'_>) -> Visited,
            ) -> Visited {
                match expr {
                    Expr::True | Expr::False | Expr::IsNull(_) => Ok(()),
                    Expr::And(parts) | Expr::Or(parts) => {
                        parts.into_iter().try_for_each(|part| self::expr(part, visit))
                    }
                    Expr::Not(part) => self::expr(part, visit),
                    Expr::Compare { value, .. }
                    | Expr::Same { value, .. }
                    | Expr::Match { text: value, .. } => visit(Slot::Value(value)),
                    Expr::In { values, .. } => {
                        values.into_iter().try_for_each(|value| visit(Slot::Value(value)))
                    }
                    Expr::InSelect { select: inner, .. } => select(inner, visit),
                }
            }
        }
    };
}

walk!(read, "Walks that read.");
walk!(fill, "Walks that change.", mut);
