//! Types that the catalog must explain: what a user made, and what an extension brought.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use quillback_plugin_api::DriverError;

use super::decode::Decode;
use super::limits::Limits;
use super::oid;
use crate::connection::Connection;
use crate::flavor::{Flavor, TypeNames, Values};

/// What has been looked up, for all connections of an instance. Numbers of types are never given twice.
#[derive(Debug)]
pub(crate) struct Types {
    values: Values,
    decodes: Mutex<HashMap<u32, Decode>>,
    names: Mutex<HashMap<(u32, i32), String>>,
    money_scale: AtomicU8,
    /// What columns keep of the values written to them.
    pub(crate) limits: Limits,
}

const UNKNOWN_SCALE: u8 = u8::MAX;

const NAMES: &str = "SELECT format_type(t.o, t.m) FROM unnest($1::oid[], $2::int4[]) \
     WITH ORDINALITY AS t(o, m, n) ORDER BY t.n";

/// Vectors of the system catalog look like arrays but print otherwise.
const KINDS: &str = "SELECT t.oid, t.typtype, t.typdelim, \
     CASE WHEN t.typcategory = 'A' AND t.typlen = -1 AND t.oid NOT IN (22, 30) THEN t.typelem ELSE 0 END, \
     t.typbasetype, \
     (SELECT string_agg(a.atttypid::text, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a \
       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) \
     FROM pg_catalog.pg_type t WHERE t.oid = ANY($1::oid[])";

const MONEY_SCALE: &str = "SELECT scale(1::money::numeric)";

/// One row of [`KINDS`].
#[derive(Debug)]
struct Kind {
    letter: u8,
    separator: u8,
    element: u32,
    base: u32,
    fields: Vec<u32>,
}

impl Types {
    /// Nothing is known yet but what the flavor says.
    pub(crate) fn new(flavor: &Flavor) -> Self {
        Self {
            values: flavor.values,
            decodes: Mutex::default(),
            names: Mutex::default(),
            money_scale: AtomicU8::new(UNKNOWN_SCALE),
            limits: Limits::new(flavor.values),
        }
    }

    /// Digits of type `money` after the point; two until it was looked up.
    pub(crate) fn money_scale(&self) -> u8 {
        match self.money_scale.load(Ordering::Relaxed) {
            UNKNOWN_SCALE => 2,
            scale => scale,
        }
    }

    /// Looks up how many digits type `money` has, once.
    ///
    /// # Errors
    /// What asking the server answers.
    async fn learn_money(&self, on: &mut Connection) -> Result<(), DriverError> {
        if self.money_scale.load(Ordering::Relaxed) != UNKNOWN_SCALE {
            return Ok(());
        }
        let rows = on.ask(MONEY_SCALE, &[]).await?;
        let scale = cell(&rows, 0, 0).parse().unwrap_or(2);
        self.money_scale.store(scale, Ordering::Relaxed);
        Ok(())
    }

    /// How values of a type are read; `None` until it was looked up.
    pub(crate) fn decode(&self, ty: u32) -> Option<Decode> {
        if let Some((_, how)) = self.values.spelled.iter().find(|(own, _)| *own == ty) {
            return Some(Decode::Spelled(*how));
        }
        if ty == oid::MONEY {
            return match self.money_scale.load(Ordering::Relaxed) {
                UNKNOWN_SCALE => None,
                scale => Some(Decode::Money(scale)),
            };
        }
        Decode::builtin(ty).or_else(|| self.decodes.lock().ok()?.get(&ty).cloned())
    }

    /// What stands between the elements of an array of this type; a comma until it was looked up.
    pub(crate) fn separator(&self, ty: u32) -> char {
        match self.decode(ty) {
            Some(Decode::AsTextList(separator)) => char::from(separator),
            _ => ',',
        }
    }

    /// The database's own text for a type with its modifier; `None` until it was looked up.
    pub(crate) fn name(&self, ty: (u32, i32)) -> Option<String> {
        self.names.lock().ok()?.get(&ty).cloned()
    }

    /// Looks up what is not known yet about these types and their modifiers.
    ///
    /// # Errors
    /// What asking the server answers.
    pub(crate) async fn learn(
        &self,
        on: &mut Connection,
        types: &[(u32, i32)],
    ) -> Result<(), DriverError> {
        if let TypeNames::Known(name) = self.values.names {
            if let Ok(mut names) = self.names.lock() {
                let new = types.iter().map(|ty| (*ty, name(ty.0, ty.1)));
                names.extend(new);
            }
            return Ok(());
        }
        let unnamed: Vec<_> = types
            .iter()
            .filter(|ty| self.name(**ty).is_none())
            .collect();
        if unnamed.is_empty() {
            return Ok(());
        }
        // A type that must be looked up may hold money somewhere inside.
        if types.iter().any(|(ty, _)| Decode::builtin(*ty).is_none()) {
            self.learn_money(on).await?;
        }
        let wanted = types.iter().map(|(ty, _)| *ty).collect();
        let kinds = self.kinds(on, wanted).await?;
        let resolved: Vec<_> = kinds
            .keys()
            .map(|ty| (*ty, self.resolve(*ty, &kinds, 0)))
            .collect();
        if let Ok(mut decodes) = self.decodes.lock() {
            decodes.extend(resolved);
        }
        let oids = array(unnamed.iter().map(|(ty, _)| ty));
        let modifiers = array(unnamed.iter().map(|(_, modifier)| modifier));
        let rows = on.ask(NAMES, &[&oids, &modifiers]).await?;
        if let Ok(mut names) = self.names.lock() {
            for (row, ty) in unnamed.into_iter().enumerate() {
                names.insert(*ty, cell(&rows, row, 0).to_owned());
            }
        }
        Ok(())
    }

    /// Asks for the types that are not known, then for those they are made of.
    async fn kinds(
        &self,
        on: &mut Connection,
        mut wanted: HashSet<u32>,
    ) -> Result<HashMap<u32, Kind>, DriverError> {
        let mut kinds = HashMap::new();
        loop {
            wanted.retain(|ty| *ty != 0 && !kinds.contains_key(ty) && self.decode(*ty).is_none());
            if wanted.is_empty() {
                return Ok(kinds);
            }
            let rows = on.ask(KINDS, &[&array(wanted.iter())]).await?;
            let asked = std::mem::take(&mut wanted);
            for row in 0..rows.len() {
                let kind = Kind::of(&rows, row);
                wanted.extend(kind.fields.iter().chain([&kind.element, &kind.base]));
                kinds.insert(cell(&rows, row, 0).parse().unwrap_or(0), kind);
            }
            // A type that was dropped meanwhile must not be asked for again.
            for gone in asked {
                kinds.entry(gone).or_insert_with(Kind::unknown);
            }
        }
    }

    fn resolve(&self, ty: u32, kinds: &HashMap<u32, Kind>, depth: u8) -> Decode {
        let Some(kind) = kinds.get(&ty).filter(|_| depth < 16) else {
            return self.decode(ty).unwrap_or(Decode::AsText);
        };
        if kind.element != 0 {
            return match self.resolve(kind.element, kinds, depth + 1) {
                Decode::AsText => Decode::AsTextList(kind.separator),
                element => Decode::List(Box::new(element)),
            };
        }
        match kind.letter {
            b'e' => Decode::Text,
            b'd' => self.resolve(kind.base, kinds, depth + 1),
            b'c' => {
                let fields: Vec<_> = kind
                    .fields
                    .iter()
                    .map(|field| self.resolve(*field, kinds, depth + 1))
                    .collect();
                if fields.iter().all(Decode::is_binary) {
                    Decode::Struct(fields)
                } else {
                    Decode::AsText
                }
            }
            _ => Decode::AsText,
        }
    }
}

impl Kind {
    fn of(rows: &[Vec<Option<String>>], row: usize) -> Self {
        let byte = |column| cell(rows, row, column).bytes().next().unwrap_or(0);
        Self {
            letter: byte(1),
            separator: byte(2),
            element: cell(rows, row, 3).parse().unwrap_or(0),
            base: cell(rows, row, 4).parse().unwrap_or(0),
            fields: cell(rows, row, 5)
                .split(',')
                .filter_map(|field| field.parse().ok())
                .collect(),
        }
    }

    fn unknown() -> Self {
        Self {
            letter: b'b',
            separator: b',',
            element: 0,
            base: 0,
            fields: Vec::new(),
        }
    }
}

fn cell(rows: &[Vec<Option<String>>], row: usize, column: usize) -> &str {
    rows.get(row)
        .and_then(|row| row.get(column))
        .and_then(Option::as_deref)
        .unwrap_or_default()
}

/// An array as the database reads it from text.
fn array<T: std::fmt::Display>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<_> = items.map(|item| item.to_string()).collect();
    format!("{{{}}}", items.join(","))
}
