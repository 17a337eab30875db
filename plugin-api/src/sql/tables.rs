//! The tables that batches, reads and changes name, also inside of conditions.

use super::{Ddl, Expr, Select, Statement};
use crate::batch::{Batch, Step};
use crate::ident::TableRef;

/// What is done with every table.
type Visit<'v> = &'v mut dyn FnMut(&mut TableRef);

impl Batch {
    /// Hands over every table that the batch names, in order; some more than once.
    pub fn each_table(&mut self, visit: Visit<'_>) {
        for step in &mut self.steps {
            match step {
                Step::Read { select, .. } => select.each_table(visit),
                Step::Check { table, filter, .. } => table_and_filter(table, filter, visit),
                Step::Write { statement, .. } => match statement {
                    Statement::Insert(insert) => visit(&mut insert.table),
                    Statement::Update(update) => {
                        table_and_filter(&mut update.table, &mut update.filter, visit);
                    }
                    Statement::Delete(delete) => {
                        table_and_filter(&mut delete.table, &mut delete.filter, visit);
                    }
                },
            }
        }
    }
}

impl Select {
    /// As [`Batch::each_table`], for one read.
    pub fn each_table(&mut self, visit: Visit<'_>) {
        table_and_filter(&mut self.from, &mut self.filter, visit);
    }
}

impl Ddl {
    /// The table that is changed.
    pub fn table_mut(&mut self) -> &mut TableRef {
        match self {
            Self::CreateTable(create) => &mut create.table,
            Self::DropTable(table)
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::AlterColumn { table, .. }
            | Self::CreateIndex { table, .. } => table,
        }
    }
}

fn table_and_filter(table: &mut TableRef, filter: &mut Expr, visit: Visit<'_>) {
    visit(table);
    in_filter(filter, visit);
}

fn in_filter(filter: &mut Expr, visit: Visit<'_>) {
    match filter {
        Expr::And(parts) | Expr::Or(parts) => {
            for part in parts {
                in_filter(part, visit);
            }
        }
        Expr::Not(inner) => in_filter(inner, visit),
        Expr::InSelect { select, .. } => select.each_table(visit),
        Expr::LastKey { table, .. } => visit(table),
        Expr::True
        | Expr::False
        | Expr::Compare { .. }
        | Expr::Same { .. }
        | Expr::IsNull(_)
        | Expr::In { .. }
        | Expr::Match { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::Ident;

    #[test]
    fn tables_inside_conditions_are_found_too() {
        let table = |name| TableRef::new(Ident::literal(name));
        let inner = Select::columns(table("t"), [Ident::literal("a")], Expr::True);
        let outer = Expr::And(vec![Expr::Not(Box::new(Expr::InSelect {
            column: Ident::literal("a"),
            select: Box::new(inner),
        }))]);
        let mut batch = Batch::default();
        batch.read(Select::count(table("u"), outer));
        let mut found = Vec::new();
        batch.each_table(&mut |table| {
            table.schema = Some(Ident::literal("s"));
            found.push(table.name.as_str().to_owned());
        });
        assert_eq!(found, ["u", "t"]);
        let text = format!("{batch:?}");
        assert_eq!(
            text.matches("schema: Some(Ident(\"s\"))").count(),
            2,
            "{text}"
        );
    }
}
