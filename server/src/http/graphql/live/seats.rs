//! How many subscriptions each user has.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::http::{PublicError, graphql::limit_exceeded};

/// Subscriptions by user.
#[derive(Debug, Default)]
pub(in crate::http::graphql) struct Seats(Mutex<HashMap<String, usize>>);

/// One subscription of a user, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    user: String,
}

impl Seats {
    /// Takes a seat.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` when the user has `most` already.
    pub(super) fn take(seats: &Arc<Self>, user: String, most: usize) -> Result<Seat, PublicError> {
        let mut taken = seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(user.clone()).or_default();
        if *count >= most {
            return Err(limit_exceeded("subscriptions", most));
        }
        *count += 1;
        Ok(Seat {
            seats: Arc::clone(seats),
            user,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = taken.get(&self.user).copied().unwrap_or(0);
        if left > 1 {
            taken.insert(self.user.clone(), left - 1);
        } else {
            taken.remove(&self.user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_counted_by_user_and_come_back() {
        let seats = Arc::new(Seats::default());
        let one = Seats::take(&seats, "ann".into(), 2).unwrap();
        let two = Seats::take(&seats, "ann".into(), 2).unwrap();
        assert_eq!(
            Seats::take(&seats, "ann".into(), 2).unwrap_err().code,
            "LIMIT_EXCEEDED"
        );
        let _other = Seats::take(&seats, "bob".into(), 2).unwrap();
        drop(one);
        let again = Seats::take(&seats, "ann".into(), 2).unwrap();
        drop((two, again));
        assert_eq!(seats.0.lock().unwrap().len(), 1, "nobody is remembered");
    }
}
