//! Hashes passwords with argon2id, off the threads that serve requests and never more at once than memory allows.
//!
//! A pepper from the repository's sealed settings goes into every hash: a copy of the database alone is no use for
//! guessing. Parameters follow the OWASP cheat sheet
//! (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use quillback_core::admin::keys;
use quillback_core::cx::Random;
use quillback_core::repo::people::PasswordHash;
use quillback_core::{App, Error, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::Options;

const SALT_BYTES: usize = 16;
const LEAST_MEMORY_KIB: u32 = 19 * 1024;
const LEAST_WORK_KIB: u32 = 38 * 1024;

/// What one hash costs: memory, passes over it, and lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Cost {
    fn default() -> Self {
        Self {
            memory_kib: 46 * 1024,
            passes: 1,
            lanes: 1,
        }
    }
}

impl Cost {
    /// A cost of so many KiB, passes and lanes.
    ///
    /// # Errors
    /// `Invalid` for less than 19 MiB and two passes, or what costs as much, and for what argon2 does not take.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self> {
        if memory_kib < LEAST_MEMORY_KIB || memory_kib.saturating_mul(passes) < LEAST_WORK_KIB {
            let message = "Passwords would be cheap to guess: take at least 19456 KiB and 2 passes, or 47104 KiB and 1.";
            return Err(Error::invalid("cost", "TOO_WEAK", message));
        }
        let cost = Self {
            memory_kib,
            passes,
            lanes,
        };
        cost.params().map(|_| cost)
    }

    /// The least that argon2 takes. Guessing such hashes is cheap: for tests only.
    pub fn weak_for_tests() -> Self {
        Self {
            memory_kib: 8,
            passes: 1,
            lanes: 1,
        }
    }

    fn params(self) -> Result<Params> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None);
        params.map_err(|_| {
            Error::invalid(
                "cost",
                "OUT_OF_RANGE",
                "argon2 does not take this combination.",
            )
        })
    }
}

/// What comparing a password with a hash told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another password, or there was no hash to compare with.
    Wrong,
    /// The password of the hash.
    Right,
    /// The password of the hash, which should be made anew at today's cost.
    RightButOld,
}

/// Hashes passwords; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    shared: Arc<Shared>,
}

struct Shared {
    params: Params,
    pepper: Zeroizing<Vec<u8>>,
    /// Compared with where there is no hash, so that this takes as long.
    dummy: PasswordHash,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("params", &self.shared.params)
            .finish_non_exhaustive()
    }
}

impl Passwords {
    pub(crate) async fn open(app: &App, options: &Options) -> Result<Self> {
        let params = options.cost.params()?;
        let pepper = keys::password_pepper(app).await?;
        let threads = options.hashing_threads.max(1);
        let salt = app.surroundings.random::<SALT_BYTES>();
        let secret = Zeroizing::new(app.surroundings.random::<32>());
        let dummy = make_hash(&params, &pepper, &*secret, &salt)?;
        let shared = Shared {
            params,
            pepper,
            dummy,
            running: Arc::new(Semaphore::new(threads)),
            waiting: Arc::new(Semaphore::new(threads + options.hashing_queue)),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Hashes a password. Whether it is good enough is for [`crate::policy`] to say.
    ///
    /// # Errors
    /// `Busy` when too many are waiting.
    pub async fn hash(&self, random: &dyn Random, password: &str) -> Result<PasswordHash> {
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        let password = normal(password);
        self.run(move |shared| make_hash(&shared.params, &shared.pepper, &password, &salt))
            .await?
    }

    /// Compares a password with a hash, or with nothing in the same time.
    ///
    /// # Errors
    /// `Busy` when too many are waiting.
    pub async fn verify(&self, hash: Option<&PasswordHash>, password: &str) -> Result<Verdict> {
        let hash = hash.cloned();
        let password = normal(password);
        self.run(move |shared| {
            if let Some(hash) = &hash {
                return shared.compare(hash, &password);
            }
            shared.compare(&shared.dummy, &password);
            Verdict::Wrong
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Result<T> {
        let turn = self.turn().await?;
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, not with the request: a client that gives up frees no memory.
            let _turn = turn;
            work(&shared)
        });
        done.await
            .map_err(|_| Error::Internal("a password could not be hashed".into()))
    }

    async fn turn(&self) -> Result<[OwnedSemaphorePermit; 2]> {
        let busy =
            || Error::Busy("Too many people are signing in at once. Try again in a few seconds.");
        let waiting = Arc::clone(&self.shared.waiting)
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let running = Arc::clone(&self.shared.running)
            .acquire_owned()
            .await
            .map_err(|_| busy())?;
        Ok([running, waiting])
    }
}

impl Shared {
    fn compare(&self, hash: &PasswordHash, password: &[u8]) -> Verdict {
        let Ok(parsed) = phc::PasswordHash::new(hash.as_str()) else {
            return Verdict::Wrong;
        };
        let is_right = argon2(&self.params, &self.pepper).is_ok_and(|argon2| {
            // With the parameters of the hash, not those of today.
            argon2.verify_password(password, &parsed).is_ok()
        });
        let is_today =
            Params::try_from(&parsed).is_ok_and(|params| same_cost(&params, &self.params));
        match (is_right, is_today) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOld,
        }
    }
}

/// The same password typed on two systems is the same text (NFKC).
fn normal(password: &str) -> Zeroizing<Vec<u8>> {
    let text: Zeroizing<String> = Zeroizing::new(password.nfkc().collect());
    Zeroizing::new(text.as_bytes().to_vec())
}

fn make_hash(params: &Params, pepper: &[u8], password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
    let fault = |_| Error::Internal("a password could not be hashed".into());
    let hash = argon2(params, pepper)?
        .hash_password_with_salt(password, salt)
        .map_err(fault)?;
    Ok(PasswordHash::new(hash.to_string()))
}

fn argon2<'p>(params: &Params, pepper: &'p [u8]) -> Result<Argon2<'p>> {
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params.clone())
        .map_err(|_| Error::Internal("the pepper of the passwords is too long".into()))
}

fn same_cost(one: &Params, other: &Params) -> bool {
    (one.m_cost(), one.t_cost(), one.p_cost()) == (other.m_cost(), other.t_cost(), other.p_cost())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_07_a_cost_below_the_floor_is_refused() {
        for (memory, passes) in [
            (0, 1),
            (8, 1),
            (19 * 1024, 1),
            (19 * 1024 - 1, 8),
            (37 * 1024, 1),
        ] {
            assert!(
                Cost::new(memory, passes, 1).is_err(),
                "{memory} KiB, {passes} passes"
            );
        }
        for (memory, passes) in [(19 * 1024, 2), (46 * 1024, 1), (64 * 1024, 3)] {
            assert!(
                Cost::new(memory, passes, 1).is_ok(),
                "{memory} KiB, {passes} passes"
            );
        }
        assert!(Cost::new(u32::MAX, 0, 1).is_err());
        assert!(Cost::new(64 * 1024, 3, 0).is_err());
    }

    #[test]
    fn a_hash_names_its_cost_and_hides_its_password() {
        let params = Cost::default().params().unwrap();
        let hash = make_hash(&params, b"pepper", b"correct horse", &[7; 16]).unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=47104,t=1,p=1$"),
            "{}",
            hash.as_str()
        );
        assert_eq!(format!("{hash:?}"), "***");
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        assert_eq!(normal("caf\u{e9}"), normal("cafe\u{301}"));
        assert_ne!(normal("cafe"), normal("caf\u{e9}"));
        assert_ne!(normal("a\0b"), normal("a"));
    }
}
