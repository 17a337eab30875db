//! What opens a sealed secret, and what must not (SEC-01 to SEC-03).

use std::sync::atomic::{AtomicU8, Ordering};

use super::{Keyring, KeyringError};
use crate::cx::Random;

/// Bytes that count up, so that no two draws are the same.
#[derive(Default)]
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

const CONTEXT: &str = "connections/1/secrets";

fn ring(random: &Counting) -> (String, Keyring) {
    let text = Keyring::generate(random).to_string();
    let ring = Keyring::parse(&text).unwrap();
    (text, ring)
}

#[test]
fn a_sealed_secret_opens_and_hides_what_it_holds() {
    let random = Counting::default();
    let (_, ring) = ring(&random);
    for secret in ["", "hunter2", "ünïcödé 🚀", &"x".repeat(100_000)] {
        let sealed = ring.seal(&random, CONTEXT, secret.as_bytes()).unwrap();
        assert!(sealed.starts_with(&format!("v1.{}.", ring.active_id())));
        assert!(secret.is_empty() || !sealed.contains(secret));
        assert_eq!(
            ring.open(CONTEXT, &sealed).unwrap().as_slice(),
            secret.as_bytes()
        );
    }
}

#[test]
fn the_same_secret_is_never_sealed_the_same() {
    let random = Counting::default();
    let (_, ring) = ring(&random);
    assert_ne!(
        ring.seal(&random, CONTEXT, b"same").unwrap(),
        ring.seal(&random, CONTEXT, b"same").unwrap()
    );
}

#[test]
fn sec_01_a_secret_moved_to_another_record_does_not_open() {
    let random = Counting::default();
    let (_, ring) = ring(&random);
    let sealed = ring.seal(&random, CONTEXT, b"hunter2").unwrap();
    let wrong = Err(KeyringError::Wrong(ring.active_id().to_owned()));
    for context in [
        "connections/2/secrets",
        "settings/1/secrets",
        "",
        "connections/1/secrets ",
    ] {
        assert_eq!(ring.open(context, &sealed), wrong, "{context}");
    }
    // Parts of two secrets do not fit together either.
    let other = ring
        .seal(&random, "connections/2/secrets", b"other")
        .unwrap();
    let mut parts: Vec<_> = sealed.split('.').collect();
    parts[3] = other.rsplit('.').next().unwrap();
    assert_eq!(ring.open(CONTEXT, &parts.join(".")), wrong);
}

#[test]
fn sec_02_a_change_of_any_character_keeps_a_secret_shut() {
    let random = Counting::default();
    let (_, ring) = ring(&random);
    let sealed = ring.seal(&random, CONTEXT, b"hunter2").unwrap();
    for position in 0..sealed.len() {
        for flip in [1_u8, 2, 4, 8, 16, 32] {
            let mut bytes = sealed.clone().into_bytes();
            bytes[position] ^= flip;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(
                ring.open(CONTEXT, &changed).is_err(),
                "position {position}, flip {flip}"
            );
        }
    }
    for end in 0..sealed.len() {
        assert!(ring.open(CONTEXT, &sealed[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn sec_03_a_missing_key_is_named_and_a_wrong_one_too() {
    let random = Counting::default();
    let (text, ring_one) = ring(&random);
    let sealed = ring_one.seal(&random, CONTEXT, b"hunter2").unwrap();
    let id = ring_one.active_id().to_owned();
    let (other_text, other) = ring(&random);
    assert_eq!(
        other.open(CONTEXT, &sealed),
        Err(KeyringError::Missing(id.clone()))
    );
    assert_eq!(
        other.has_key_of(&sealed),
        Err(KeyringError::Missing(id.clone()))
    );
    assert!(KeyringError::Missing(id.clone()).to_string().contains(&id));

    let line = |text: &str| text.lines().last().unwrap().to_owned();
    let stolen = format!("{id}:{}", line(&other_text).split_once(':').unwrap().1);
    let same_id = Keyring::parse(&stolen).unwrap();
    assert_eq!(same_id.open(CONTEXT, &sealed), Err(KeyringError::Wrong(id)));
    assert!(
        Keyring::parse(&text)
            .unwrap()
            .open(CONTEXT, &sealed)
            .is_ok()
    );
}

#[test]
fn a_new_key_rewraps_what_older_keys_sealed() {
    let random = Counting::default();
    let (text, old) = ring(&random);
    let sealed = old.seal(&random, CONTEXT, b"hunter2").unwrap();
    let both_text = Keyring::add_key(&text, &random).unwrap();
    assert!(both_text.starts_with('#'));
    let both = Keyring::parse(&both_text).unwrap();
    assert_eq!(both.ids().nth(1), Some(old.active_id()));
    assert_eq!(both.open(CONTEXT, &sealed).unwrap().as_slice(), b"hunter2");

    let rewrapped = both.rewrap(&random, CONTEXT, &sealed).unwrap().unwrap();
    assert_eq!(sealed.rsplit('.').next(), rewrapped.rsplit('.').next());
    assert_eq!(both.rewrap(&random, CONTEXT, &rewrapped).unwrap(), None);
    let new_line = both_text
        .lines()
        .find(|line| line.starts_with(both.active_id()))
        .unwrap();
    let new_only = Keyring::parse(new_line).unwrap();
    assert_eq!(
        new_only.open(CONTEXT, &rewrapped).unwrap().as_slice(),
        b"hunter2"
    );
    assert!(
        both.rewrap(&random, "connections/2/secrets", &sealed)
            .is_err()
    );
}

#[test]
fn a_fault_in_a_key_file_is_named_with_its_line() {
    let good = "A".repeat(43);
    let faults = [
        ("# nothing\n\n", None),
        ("key", Some((1, "`:`"))),
        ("# fine\nKey:x", Some((2, "id"))),
        ("a.b:x", Some((1, "id"))),
        (":x", Some((1, "id"))),
        ("k1:short", Some((1, "32 bytes"))),
        (&format!("k1:{good}\nk1:{good}"), Some((2, "repeats"))),
        (&format!("k1:{good}=="), Some((1, "32 bytes"))),
        (
            &format!("k1:{good}\nk2:{}", "A".repeat(86)),
            Some((2, "32 bytes")),
        ),
    ];
    for (text, expected) in faults {
        match (Keyring::parse(text).unwrap_err(), expected) {
            (KeyringError::Empty, None) => {}
            (KeyringError::Line { line, fault }, Some((at, word))) => {
                assert_eq!(line, at, "{text}");
                assert!(fault.contains(word), "{fault}");
            }
            (error, _) => panic!("{text}: {error}"),
        }
    }
    assert!(Keyring::parse(&format!("  k1:{good}  \n# k2\n")).is_ok());
}

#[test]
fn keys_are_not_printed() {
    let random = Counting::default();
    let (text, ring) = ring(&random);
    let key = text.trim().rsplit(':').next().unwrap();
    assert!(!format!("{ring:?}").contains(key));
}
