//! Statements as data. The tree holds only what Quillback sends; a dialect prints it.

mod ddl;
mod expr;
mod statement;
mod tables;
mod writer;

pub use ddl::{ColumnDef, CreateTable, Ddl, Index};
pub use expr::{Compare, Expr, TextMatch};
pub use statement::{
    Aggregate, Assignment, Delete, Direction, Insert, Lock, Order, Select, SelectItem, SetTo,
    Statement, Update,
};
pub use writer::{RenderError, Rendered, SqlWriter};
