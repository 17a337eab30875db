//! Prepared statements of one connection, by their text; the least used make room for new ones.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use postgres_protocol::message::frontend;
use quillback_plugin_api::{Column, RowBuffer};

use crate::connection::Connection;
use crate::errors::{Failed, ServerError, protocol};
use crate::flavor::Params;
use crate::messages::{cell, headings, param_types};
use crate::types::decode::Decode;
use crate::types::fit::Slot;
use crate::types::limits::Written;
use crate::types::lookup::Types;

/// Most statements that a connection keeps prepared, if one batch does not need more.
const CAPACITY: usize = 256;

/// Texts of more bytes are not kept for later batches.
const LONG: usize = 16 * 1024;

/// How long a statement is used before it is prepared anew: the types of its parameters stay what they were, whatever
/// becomes of the columns they go to.
const MAX_AGE: Duration = Duration::from_mins(1);

/// A statement to prepare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'t> {
    pub(crate) sql: &'t str,
    /// Where its values go, when it writes.
    pub(crate) written: Option<&'t Written<'t>>,
}

/// A prepared statement.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Name on the server.
    pub(crate) name: String,
    /// Its parameters.
    pub(crate) params: Vec<Slot>,
    /// Its result.
    pub(crate) shape: Shape,
}

/// A prepared statement with what decides how long it is kept.
#[derive(Debug)]
struct Kept {
    statement: Arc<Statement>,
    /// The batch that it was used for last.
    used: u64,
    /// The batch that it was prepared for.
    made: u64,
    born: Instant,
}

/// The columns of a result.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Headings.
    pub(crate) columns: Vec<Column>,
    /// How each column is read.
    pub(crate) decodes: Vec<Decode>,
}

impl Shape {
    /// Decodes the body of a `DataRow`; `None` when it is not of this shape.
    pub(crate) fn row(&self, body: &[u8], out: &mut RowBuffer, scratch: &mut String) -> Option<()> {
        let (count, mut rest) = body.split_first_chunk::<2>()?;
        if usize::from(u16::from_be_bytes(*count)) != self.decodes.len() {
            return None;
        }
        for decode in &self.decodes {
            decode.cell(cell(&mut rest).ok()?, out, scratch).ok()?;
        }
        Some(())
    }
}

/// The prepared statements of a connection.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_text: HashMap<String, Kept>,
    /// Counts batches.
    now: u64,
    /// Counts names.
    named: u64,
}

/// What the server said about a statement that it parsed.
#[derive(Debug, Default)]
struct Described {
    name: String,
    params: Vec<u32>,
    columns: Vec<(String, u32, i32)>,
}

impl Statements {
    /// Whether one of these statements was prepared before the last call of [`Connection::prepare`], so that tables
    /// may have changed since.
    pub(crate) fn any_older<'s>(&self, mut sqls: impl Iterator<Item = &'s str>) -> bool {
        sqls.any(|sql| {
            self.by_text
                .get(sql)
                .is_some_and(|kept| kept.made < self.now)
        })
    }

    /// The statements with these texts, where they are known and not too old.
    fn known(&mut self, texts: &[Text<'_>]) -> Vec<Option<Arc<Statement>>> {
        let now = Instant::now();
        let known = texts.iter().map(|text| {
            let kept = self.by_text.get_mut(text.sql)?;
            if now.duration_since(kept.born) > MAX_AGE {
                return None;
            }
            kept.used = self.now;
            Some(Arc::clone(&kept.statement))
        });
        known.collect()
    }

    /// The names of statements that are forgotten to make room for `more`: all long ones, which are seldom sent twice,
    /// and those that are used least. What the batch at hand uses stays.
    fn make_room(&mut self, more: usize) -> Vec<String> {
        let over = (self.by_text.len() + more).saturating_sub(CAPACITY);
        let mut idle: Vec<_> = self
            .by_text
            .iter()
            .filter(|(_, kept)| kept.used < self.now)
            .map(|(sql, kept)| (sql.len() <= LONG, kept.used, sql))
            .collect();
        idle.sort_unstable();
        let long = idle.iter().take_while(|(is_short, ..)| !is_short).count();
        idle.truncate(over.max(long));
        let idle: Vec<_> = idle.into_iter().map(|(_, _, sql)| sql.clone()).collect();
        self.forget(idle.iter().map(String::as_str))
    }

    fn forget<'s>(&mut self, sqls: impl Iterator<Item = &'s str>) -> Vec<String> {
        sqls.filter_map(|sql| self.by_text.remove(sql))
            .map(|kept| kept.statement.name.clone())
            .collect()
    }
}

impl Connection {
    /// Prepares those of the statements that are not yet, all in one flight, and answers with all.
    ///
    /// # Errors
    /// The position of the statement that the server refused, and why.
    pub(crate) async fn prepare(
        &mut self,
        texts: &[Text<'_>],
        types: &Types,
    ) -> Result<Vec<Arc<Statement>>, (usize, Failed)> {
        self.statements.now += 1;
        let known = self.statements.known(texts);
        if known.iter().any(Option::is_none) {
            self.prepare_missing(texts, &known, types).await?;
        }
        let all = known.into_iter().zip(texts).map(|(known, text)| {
            known.or_else(|| {
                let kept = self.statements.by_text.get(text.sql)?;
                Some(Arc::clone(&kept.statement))
            })
        });
        all.collect::<Option<_>>()
            .ok_or_else(|| (0, protocol("a statement that was not prepared").into()))
    }

    async fn prepare_missing(
        &mut self,
        texts: &[Text<'_>],
        known: &[Option<Arc<Statement>>],
        types: &Types,
    ) -> Result<(), (usize, Failed)> {
        let mut seen = HashSet::new();
        let missing: Vec<_> = texts
            .iter()
            .zip(known)
            .enumerate()
            .filter(|(_, (text, known))| known.is_none() && seen.insert(text.sql))
            .map(|(position, (text, _))| (position, *text))
            .collect();
        // Those that are too old make room for themselves.
        let mut surplus = self
            .statements
            .forget(missing.iter().map(|(_, text)| text.sql));
        surplus.extend(self.statements.make_room(missing.len()));
        self.write_close(&surplus).map_err(|failed| (0, failed))?;
        let mut described = Vec::with_capacity(missing.len());
        for (position, text) in &missing {
            let name = self.parse(text.sql).map_err(|failed| (*position, failed))?;
            described.push(Described {
                name,
                ..Described::default()
            });
        }
        self.depart();
        let outcome = self.read_descriptions(&mut described).await;
        let landed = self.land().await;
        let read = match &outcome {
            Ok(()) => described.len(),
            Err((read, _)) => *read,
        };
        landed.map_err(|failed| (0, failed))?;
        for (description, (position, text)) in described.into_iter().zip(&missing).take(read) {
            let kept = self.keep(*text, description, types).await;
            kept.map_err(|failed| (*position, failed))?;
        }
        outcome.map_err(|(read, failed)| (missing.get(read).map_or(0, |(at, _)| *at), failed))
    }

    /// Forgets statements, so that they are prepared anew when they are used next.
    pub(crate) fn forget<'s>(&mut self, sqls: impl Iterator<Item = &'s str>) -> Result<(), Failed> {
        let names = self.statements.forget(sqls);
        self.write_close(&names)
    }

    /// Writes that the server may forget statements; it answers in the next flight.
    fn write_close(&mut self, names: &[String]) -> Result<(), Failed> {
        for name in names {
            frontend::close(b'S', name, self.out()).map_err(|_| protocol("a name with NUL"))?;
        }
        Ok(())
    }

    fn parse(&mut self, sql: &str) -> Result<String, Failed> {
        self.statements.named += 1;
        let name = format!("s{}", self.statements.named);
        let start = self.out().len();
        let written = frontend::parse(&name, sql, [], self.out())
            .and_then(|()| frontend::describe(b'S', &name, self.out()));
        if written.is_err() {
            // A default or a name cannot hold NUL; nothing else of a statement comes from outside.
            self.out().truncate(start);
            return Err(protocol("a statement with NUL").into());
        }
        Ok(name)
    }

    /// Reads the answers; on failure, how many statements were described before.
    async fn read_descriptions(
        &mut self,
        described: &mut [Described],
    ) -> Result<(), (usize, Failed)> {
        let explain = self.flavor.explain;
        for (read, description) in described.iter_mut().enumerate() {
            loop {
                let frame = self.frame().await.map_err(|error| (read, error.into()))?;
                let understood = match frame.tag {
                    b'1' | b'3' => Some(()),
                    b't' => param_types(frame.body).map(|params| description.params = params),
                    b'n' => break,
                    b'T' => {
                        let columns = headings(frame.body)
                            .ok_or_else(|| (read, protocol("headings of a result").into()))?;
                        description.columns = columns;
                        break;
                    }
                    b'E' => {
                        let error = ServerError::parse(explain, frame.body);
                        return Err((read, Failed::Server(Box::new(error))));
                    }
                    _ => None,
                };
                understood.ok_or_else(|| (read, protocol("a description").into()))?;
            }
        }
        Ok(())
    }

    async fn keep(
        &mut self,
        text: Text<'_>,
        description: Described,
        types: &Types,
    ) -> Result<(), Failed> {
        let used: Vec<_> = description
            .columns
            .iter()
            .map(|(_, ty, modifier)| (*ty, *modifier))
            .collect();
        let unknown = description
            .params
            .iter()
            .filter(|ty| Decode::builtin(**ty).is_none());
        let all: Vec<_> = used
            .iter()
            .copied()
            .chain(unknown.map(|ty| (*ty, -1)))
            .collect();
        types.learn(self, &all).await?;
        let bytes_as_hex = self.flavor.values.params == Params::Text;
        let slot = |ty: &u32| Slot {
            separator: types.separator(*ty),
            bytes_as_hex,
            ..Slot::of(*ty)
        };
        let mut params: Vec<_> = description.params.iter().map(slot).collect();
        if let Some(written) = text.written {
            types.limits.fill_in(self, written, &mut params).await?;
        }
        let decode = |ty| types.decode(ty).unwrap_or(Decode::AsText);
        let decodes = used.iter().map(|(ty, _)| decode(*ty)).collect();
        let columns = description
            .columns
            .into_iter()
            .map(|(name, ty, modifier)| Column {
                name,
                native: types.name((ty, modifier)).unwrap_or_default(),
            })
            .collect();
        let statement = Statement {
            name: description.name,
            params,
            shape: Shape { columns, decodes },
        };
        let kept = Kept {
            statement: Arc::new(statement),
            used: self.statements.now,
            made: self.statements.now,
            born: Instant::now(),
        };
        self.statements.by_text.insert(text.sql.to_owned(), kept);
        Ok(())
    }
}
