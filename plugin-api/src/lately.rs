//! What a driver looked up about tables, remembered for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ident::TableRef;

/// Tables remembered at the same time.
const MOST: usize = 4_096;

/// What is remembered.
type Entries<T> = HashMap<TableRef, (Instant, Arc<T>)>;

/// Tables that were used lately, shared by the calls to one database.
#[derive(Debug)]
pub struct Lately<T> {
    fresh: Duration,
    known: Mutex<Entries<T>>,
}

impl<T> Lately<T> {
    /// Nothing yet. A look-up serves for as long as `fresh`: changes of tables by others are seen after it.
    pub fn new(fresh: Duration) -> Self {
        Self {
            fresh,
            known: Mutex::default(),
        }
    }

    /// What is remembered of a table.
    pub fn get(&self, table: &TableRef) -> Option<Arc<T>> {
        let known = self.lock();
        let (since, found) = known.get(table)?;
        (since.elapsed() < self.fresh).then(|| Arc::clone(found))
    }

    /// Remembers what was found just now.
    pub fn put(&self, table: &TableRef, found: &Arc<T>) {
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(table.clone(), (Instant::now(), Arc::clone(found)));
    }

    /// Forgets everything: tables have changed.
    pub fn forget(&self) {
        self.lock().clear();
    }

    /// Forgets one table: it may have changed.
    pub fn forget_one(&self, table: &TableRef) {
        self.lock().remove(table);
    }

    fn lock(&self) -> MutexGuard<'_, Entries<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of the tables of one batch.
#[derive(Debug)]
pub struct Known<T>(HashMap<TableRef, Arc<T>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> Known<T> {
    /// What is known of a table; `None` for one that is not there.
    pub fn get(&self, table: &TableRef) -> Option<&T> {
        self.0.get(table).map(Arc::as_ref)
    }

    /// Adds a table.
    pub fn insert(&mut self, table: TableRef, found: Arc<T>) {
        self.0.insert(table, found);
    }
}

impl<T> FromIterator<(TableRef, Arc<T>)> for Known<T> {
    fn from_iter<I: IntoIterator<Item = (TableRef, Arc<T>)>>(tables: I) -> Self {
        Self(tables.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ident::Ident;

    #[test]
    fn what_was_put_is_there_until_it_is_old_or_forgotten() {
        let table = TableRef::new(Ident::literal("t"));
        let lately = Lately::new(Duration::from_mins(1));
        assert_eq!(lately.get(&table), None);
        lately.put(&table, &Arc::new(1));
        lately.put(&table, &Arc::new(2));
        assert_eq!(lately.get(&table).as_deref(), Some(&2));
        let other = TableRef::new(Ident::literal("other"));
        lately.put(&other, &Arc::new(3));
        lately.forget_one(&other);
        assert_eq!(
            (lately.get(&table).as_deref(), lately.get(&other)),
            (Some(&2), None)
        );
        lately.forget();
        assert_eq!(lately.get(&table), None);
        let never = Lately::new(Duration::ZERO);
        never.put(&table, &Arc::new(1));
        assert_eq!(never.get(&table), None);
    }
}
