//! Batches, their steps, and statements.

use super::expr::{put_expr, take_expr};
use super::{
    Put, Take, put_flag, put_ident, put_list, put_rows, put_table, take_flag, take_ident,
    take_list, take_rows, take_table, unknown,
};
use crate::batch::{Batch, Expect, Isolation, Step};
use crate::codec::{self, Reader};
use crate::sql::{
    Aggregate, Assignment, Delete, Direction, Insert, Lock, Order, Select, SelectItem, SetTo,
    Statement, Update,
};
use crate::value::ValueRef;

pub(super) fn put_batch(out: &mut Vec<u8>, batch: &Batch) -> Put {
    let Batch {
        isolation,
        deadline_ms,
        traceable,
        steps,
    } = batch;
    out.push(match isolation {
        Isolation::Default => 0,
        Isolation::RepeatableRead => 1,
        Isolation::Serializable => 2,
    });
    out.extend_from_slice(&deadline_ms.to_le_bytes());
    put_flag(out, *traceable);
    put_list(out, steps, put_step)
}

pub(super) fn take_batch(reader: &mut Reader<'_>) -> Take<Batch> {
    Ok(Batch {
        isolation: match reader.u8()? {
            0 => Isolation::Default,
            1 => Isolation::RepeatableRead,
            2 => Isolation::Serializable,
            _ => return unknown("isolation"),
        },
        deadline_ms: reader.u32()?,
        traceable: take_flag(reader)?,
        steps: take_list(reader, take_step)?,
    })
}

fn put_step(out: &mut Vec<u8>, step: &Step) -> Put {
    match step {
        Step::Read { select, expect } => {
            out.push(0);
            put_select(out, select, 0)?;
            put_expect(out, *expect);
        }
        Step::Write { statement, expect } => {
            out.push(1);
            put_statement(out, statement)?;
            put_expect(out, *expect);
        }
        Step::Check {
            table,
            filter,
            expect,
        } => {
            out.push(2);
            put_table(out, table)?;
            put_expr(out, filter, 0)?;
            put_expect(out, *expect);
        }
    }
    Ok(())
}

fn take_step(reader: &mut Reader<'_>) -> Take<Step> {
    Ok(match reader.u8()? {
        0 => Step::Read {
            select: take_select(reader, 0)?,
            expect: take_expect(reader)?,
        },
        1 => Step::Write {
            statement: take_statement(reader)?,
            expect: take_expect(reader)?,
        },
        2 => Step::Check {
            table: take_table(reader)?,
            filter: take_expr(reader, 0)?,
            expect: take_expect(reader)?,
        },
        _ => return unknown("step"),
    })
}

fn put_expect(out: &mut Vec<u8>, expect: Expect) {
    let (node, rows) = match expect {
        Expect::Any => (0, 0),
        Expect::Rows(rows) => (1, rows),
        Expect::AtMost(rows) => (2, rows),
    };
    out.push(node);
    out.extend_from_slice(&rows.to_le_bytes());
}

fn take_expect(reader: &mut Reader<'_>) -> Take<Expect> {
    let (node, rows) = (reader.u8()?, reader.u64()?);
    match node {
        0 => Ok(Expect::Any),
        1 => Ok(Expect::Rows(rows)),
        2 => Ok(Expect::AtMost(rows)),
        _ => unknown("expectation"),
    }
}

fn put_statement(out: &mut Vec<u8>, statement: &Statement) -> Put {
    match statement {
        Statement::Insert(insert) => {
            let Insert {
                table,
                columns,
                rows,
                returning,
            } = insert;
            out.push(0);
            put_table(out, table)?;
            put_list(out, columns, put_ident)?;
            put_rows(out, rows)?;
            put_list(out, returning, put_ident)
        }
        Statement::Update(Update { table, set, filter }) => {
            out.push(1);
            put_table(out, table)?;
            put_list(out, set, put_assignment)?;
            put_expr(out, filter, 0)
        }
        Statement::Delete(Delete { table, filter }) => {
            out.push(2);
            put_table(out, table)?;
            put_expr(out, filter, 0)
        }
    }
}

fn take_statement(reader: &mut Reader<'_>) -> Take<Statement> {
    Ok(match reader.u8()? {
        0 => Statement::Insert(Insert {
            table: take_table(reader)?,
            columns: take_list(reader, take_ident)?,
            rows: take_rows(reader)?,
            returning: take_list(reader, take_ident)?,
        }),
        1 => Statement::Update(Update {
            table: take_table(reader)?,
            set: take_list(reader, take_assignment)?,
            filter: take_expr(reader, 0)?,
        }),
        2 => Statement::Delete(Delete {
            table: take_table(reader)?,
            filter: take_expr(reader, 0)?,
        }),
        _ => return unknown("statement"),
    })
}

fn put_assignment(out: &mut Vec<u8>, assignment: &Assignment) -> Put {
    let Assignment { column, to } = assignment;
    put_ident(out, column)?;
    let (node, value) = match to {
        SetTo::Value(value) => (0, value),
        SetTo::Plus(value) => (1, value),
    };
    out.push(node);
    codec::put_value(out, value);
    Ok(())
}

fn take_assignment(reader: &mut Reader<'_>) -> Take<Assignment> {
    let column = take_ident(reader)?;
    let node = reader.u8()?;
    let value = reader.value().map(ValueRef::to_owned)?;
    let to = match node {
        0 => SetTo::Value(value),
        1 => SetTo::Plus(value),
        _ => return unknown("assignment"),
    };
    Ok(Assignment { column, to })
}

pub(super) fn put_select(out: &mut Vec<u8>, select: &Select, depth: u32) -> Put {
    let Select {
        items,
        distinct,
        from,
        filter,
        order,
        limit,
        offset,
        lock,
    } = select;
    put_list(out, items, put_item)?;
    put_flag(out, *distinct);
    put_table(out, from)?;
    put_expr(out, filter, depth)?;
    put_list(out, order, put_order)?;
    put_flag(out, limit.is_some());
    out.extend_from_slice(&limit.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
    out.push(match lock {
        Lock::None => 0,
        Lock::Update => 1,
    });
    Ok(())
}

pub(super) fn take_select(reader: &mut Reader<'_>, depth: u32) -> Take<Select> {
    Ok(Select {
        items: take_list(reader, take_item)?,
        distinct: take_flag(reader)?,
        from: take_table(reader)?,
        filter: take_expr(reader, depth)?,
        order: take_list(reader, take_order)?,
        limit: {
            let (is_there, limit) = (take_flag(reader)?, reader.u64()?);
            is_there.then_some(limit)
        },
        offset: reader.u64()?,
        lock: match reader.u8()? {
            0 => Lock::None,
            1 => Lock::Update,
            _ => return unknown("lock"),
        },
    })
}

fn put_item(out: &mut Vec<u8>, item: &SelectItem) -> Put {
    match item {
        SelectItem::Column(column) => {
            out.push(0);
            put_ident(out, column)
        }
        SelectItem::CountRows => {
            out.push(1);
            Ok(())
        }
        SelectItem::Aggregate(aggregate, column) => {
            out.push(match aggregate {
                Aggregate::Min => 2,
                Aggregate::Max => 3,
            });
            put_ident(out, column)
        }
    }
}

fn take_item(reader: &mut Reader<'_>) -> Take<SelectItem> {
    Ok(match reader.u8()? {
        0 => SelectItem::Column(take_ident(reader)?),
        1 => SelectItem::CountRows,
        2 => SelectItem::Aggregate(Aggregate::Min, take_ident(reader)?),
        3 => SelectItem::Aggregate(Aggregate::Max, take_ident(reader)?),
        _ => return unknown("item of a select"),
    })
}

fn put_order(out: &mut Vec<u8>, order: &Order) -> Put {
    let Order {
        column,
        direction,
        nullable,
    } = order;
    put_ident(out, column)?;
    out.push(match direction {
        Direction::Asc => 0,
        Direction::Desc => 1,
    });
    put_flag(out, *nullable);
    Ok(())
}

fn take_order(reader: &mut Reader<'_>) -> Take<Order> {
    Ok(Order {
        column: take_ident(reader)?,
        direction: match reader.u8()? {
            0 => Direction::Asc,
            1 => Direction::Desc,
            _ => return unknown("direction"),
        },
        nullable: take_flag(reader)?,
    })
}
