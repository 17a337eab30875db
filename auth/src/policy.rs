//! Which passwords are taken: long ones that nobody would try first. No rules on kinds of characters and no expiry
//! (<https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver>).

use quillback_core::{Error, Result};
use unicode_normalization::UnicodeNormalization;

/// Shortest password in characters.
pub const LEAST: usize = 12;
/// Longest password in characters.
pub const MOST: usize = 128;
/// Characters that must be left when easy parts count once.
const LEAST_HARD: usize = 8;

/// Words that are tried first, beside the names of user and product. Each counts as one character.
const EASY: [&str; 60] = [
    "password",
    "passwort",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "motdepasse",
    "contrasena",
    "wachtwoord",
    "welcome",
    "willkommen",
    "letmein",
    "changeme",
    "default",
    "secret",
    "geheim",
    "trustno1",
    "iloveyou",
    "whatever",
    "princess",
    "sunshine",
    "football",
    "baseball",
    "basketball",
    "superman",
    "batman",
    "dragon",
    "monkey",
    "master",
    "shadow",
    "michael",
    "jordan",
    "liverpool",
    "chelsea",
    "arsenal",
    "starwars",
    "pokemon",
    "computer",
    "internet",
    "samsung",
    "google",
    "microsoft",
    "windows",
    "tableau",
    "database",
    "administrator",
    "admin",
    "root",
    "user",
    "login",
    "test",
    "hello",
    "freedom",
    "summer",
    "winter",
    "spring",
    "autumn",
    "monday",
    "company",
    "writeback",
    "quillback",
];

/// Rows of keyboards and alphabets, whose runs are tried first.
const ROWS: [&str; 8] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// Refuses a password that is too short, too long or easy to guess.
///
/// # Errors
/// `Invalid` at `path` with `TOO_SHORT`, `TOO_LONG` or `TOO_EASY`.
pub fn check(path: &'static str, password: &str, username: &str) -> Result<()> {
    let normal: String = password.nfkc().collect();
    let length = normal.chars().count();
    if length < LEAST {
        let message = format!(
            "Use at least {LEAST} characters; a few words that do not belong together are good."
        );
        return Err(Error::invalid(path, "TOO_SHORT", message));
    }
    if length > MOST {
        return Err(Error::invalid(
            path,
            "TOO_LONG",
            format!("Use at most {MOST} characters."),
        ));
    }
    if hard_characters(&normal, username) < LEAST_HARD {
        let message = "This is one of the first passwords that others would try. \
                       Leave out names, common words, repetitions and rows of keys.";
        return Err(Error::invalid(path, "TOO_EASY", message));
    }
    Ok(())
}

/// How many characters are left when each easy word, run and repetition counts as one.
fn hard_characters(password: &str, username: &str) -> usize {
    let mut rest = password.to_lowercase();
    let username = username.to_lowercase();
    let names = username
        .split(['@', '.', '-', '_', ' '])
        .chain([username.as_str()]);
    let mut words: Vec<&str> = names
        .filter(|name| name.chars().count() > 2)
        .chain(EASY)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        // A character that nobody types stands for the word.
        rest = rest.replace(word, "\u{1}");
    }
    let characters: Vec<char> = rest.chars().collect();
    let continues =
        |pair: &[char]| matches!(pair, [before, after] if is_easy_step(*before, *after));
    let easy_steps = characters.windows(2).filter(|pair| continues(pair)).count();
    let distinct = characters
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    // Few different characters are easy in any order: two of each count.
    (characters.len() - easy_steps).min(distinct * 2)
}

fn is_easy_step(before: char, after: char) -> bool {
    let follows = |row: &str| {
        let mut pairs = row.chars().zip(row.chars().skip(1));
        pairs.any(|pair| pair == (before, after) || pair == (after, before))
    };
    before == after || ROWS.iter().any(|row| follows(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> &'static str {
        match check("password", password, "ada.lovelace@example.com") {
            Ok(()) => "",
            Err(error) => error.problems()[0].code,
        }
    }

    #[test]
    fn sec_12_length_counts_characters_not_bytes() {
        assert_eq!(code(""), "TOO_SHORT");
        assert_eq!(code("kT9#vLq2&xZ"), "TOO_SHORT");
        assert_eq!(code("🦊🚀🌵🎻🧊🪐🎲🧲🪁🫧🦑"), "TOO_SHORT");
        assert_eq!(code("🦊🚀🌵🎻🧊🪐🎲🧲🪁🫧🦑🪻"), "");
        let long: String = "kT9#vLq2&xZ7".chars().cycle().take(128).collect();
        assert_eq!(code(&long), "");
        assert_eq!(code(&format!("{long}k")), "TOO_LONG");
        // Twelve letters, each as a letter and an accent.
        let decomposed: String = "äöüëïÿâêîôûé".nfd().collect();
        assert_eq!((decomposed.chars().count(), code(&decomposed)), (24, ""));
    }

    #[test]
    fn easy_passwords_are_refused() {
        for easy in [
            "passwordpassword",
            "Password1234",
            "P@ssw0rd2024",
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "123456789012",
            "qwertyuiop123",
            "1q2w3e4r5t6y",
            "abcdefghijklmnop",
            "QuillbackAdmin1",
            "adminadmin12",
            "lovelace2024",
            "Ada.Lovelace@example.com",
            "zyxwvutsrqpo",
        ] {
            assert_eq!(code(easy), "TOO_EASY", "{easy}");
        }
    }

    #[test]
    fn good_passwords_are_taken() {
        for good in [
            "correct horse battery",
            "kT9#vLq2&xZ7",
            "mein Hund frisst gern Kiwi",
            "tr0ub4dor&3-plus",
            "a\0b\0c\0d\0e\0f\0g",
        ] {
            assert_eq!(code(good), "", "{good}");
        }
    }
}
