//! Exact numbers: how many digits they have, and how many the databases of the family take.

/// Digits of an exact number.
pub const MAX_DIGITS: usize = 38;

/// Digits of a number in plain notation, and how many of them stand after the point.
pub fn digits(number: &str) -> (usize, usize) {
    let unsigned = number.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let whole = whole.trim_start_matches('0').len();
    ((whole + fraction.len()).max(1), fraction.len())
}

/// Whether some `decimal` holds the number.
pub fn fits_decimal(number: &str) -> bool {
    number.ends_with(|last: char| last.is_ascii_digit()) && digits(number).0 <= MAX_DIGITS
}
