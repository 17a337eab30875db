//! Exact arithmetic on numbers of up to 38 digits, as whole units of a scale: no float, no digit lost unless it is said.
//!
//! Where a result has more digits than its place holds it is rounded half away from zero, as people do on paper.

/// Most digits of a number.
const DIGITS: usize = 38;

/// An exact number: `units` of the size 10^-`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    units: i128,
    scale: u32,
}

impl Number {
    /// So many units of the size 10^-`scale`.
    pub(crate) fn new(units: i128, scale: u32) -> Self {
        Self { units, scale }
    }

    /// Reads plain notation such as `-12.50`; `None` for anything else, and for more digits than are kept.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let fraction = fraction.trim_end_matches('0');
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0');
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits || significant.len() > DIGITS || fraction.len() > DIGITS
        {
            return None;
        }
        let magnitude: i128 = if significant.is_empty() {
            0
        } else {
            significant.parse().ok()?
        };
        let units = if is_negative { -magnitude } else { magnitude };
        Some(Self::new(units, u32::try_from(fraction.len()).ok()?))
    }

    /// Units of the size 10^-`scale`, if the number is a whole number of them.
    pub(crate) fn units_at(self, scale: u32) -> Option<i128> {
        if let Some(more) = scale.checked_sub(self.scale) {
            return self.units.checked_mul(10_i128.checked_pow(more)?);
        }
        let size = 10_i128.checked_pow(self.scale - scale)?;
        (self.units % size == 0).then(|| self.units / size)
    }

    /// The sum, in units of the size 10^-`scale`; rounded.
    pub(crate) fn plus(self, other: Self, scale: u32) -> Option<i128> {
        let common = self.scale.max(other.scale).max(scale);
        let sum = self
            .units_at(common)?
            .checked_add(other.units_at(common)?)?;
        let size = 10_u128.checked_pow(common - scale)?;
        rounded(sum < 0, sum.unsigned_abs(), 1, size)
    }

    /// The product, in units of the size 10^-`scale`; rounded.
    pub(crate) fn times(self, other: Self, scale: u32) -> Option<i128> {
        let is_negative = (self.units < 0) != (other.units < 0);
        let (one, two) = (self.units.unsigned_abs(), other.units.unsigned_abs());
        let product_scale = self.scale.checked_add(other.scale)?;
        if let Some(fewer) = product_scale.checked_sub(scale) {
            return rounded(is_negative, one, two, 10_u128.checked_pow(fewer)?);
        }
        let more = 10_u128.checked_pow(scale - product_scale)?;
        rounded(is_negative, one, two.checked_mul(more)?, 1)
    }
}

/// Plain notation of so many units of the size 10^-`scale`, with all places of the scale.
pub(crate) fn text(units: i128, scale: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let places = scale as usize;
    let digits = format!("{:0width$}", units.unsigned_abs(), width = places + 1);
    match digits.split_at_checked(digits.len() - places) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

/// The point at `x` of the straight line through two points, rounded; `x` lies between theirs. `None` where they have the
/// same `x`.
pub(crate) fn between(from: (i128, i128), to: (i128, i128), x: i128) -> Option<i128> {
    let (run, part) = (to.0.abs_diff(from.0), x.abs_diff(from.0));
    let (whole, rest) = product_over(to.1.abs_diff(from.1), part, run)?;
    // The value is `floor` and `above` parts of `run` more.
    let (floor, above) = if to.1 >= from.1 {
        (from.1.checked_add_unsigned(whole)?, rest)
    } else if rest == 0 {
        (from.1.checked_sub_unsigned(whole)?, 0)
    } else {
        let floor = from.1.checked_sub_unsigned(whole)?.checked_sub(1)?;
        (floor, run - rest)
    };
    let is_up = above > run - above || (above == run - above && floor >= 0);
    floor.checked_add(i128::from(is_up))
}

/// `one * two / by`, rounded half away from zero, with the sign.
fn rounded(is_negative: bool, one: u128, two: u128, by: u128) -> Option<i128> {
    let (whole, rest) = product_over(one, two, by)?;
    let magnitude = whole.checked_add(u128::from(rest >= by - rest))?;
    let magnitude = i128::try_from(magnitude).ok()?;
    Some(if is_negative { -magnitude } else { magnitude })
}

/// Quotient and rest of `one * two / by`, the product being kept in 256 bits; `None` when the quotient does not fit.
fn product_over(one: u128, two: u128, by: u128) -> Option<(u128, u128)> {
    let (high, low) = product(one, two);
    if high >= by {
        return None;
    }
    let (mut quotient, mut rest) = (0_u128, high);
    for place in (0..u128::BITS).rev() {
        let carried = rest >> (u128::BITS - 1);
        rest = (rest << 1) | ((low >> place) & 1);
        if carried == 1 || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1 << place;
        }
    }
    Some((quotient, rest))
}

/// High and low half of a product of 256 bits.
fn product(one: u128, two: u128) -> (u128, u128) {
    const HALF: u32 = 64;
    let split = |number: u128| (number >> HALF, number & u128::from(u64::MAX));
    let ((one_high, one_low), (two_high, two_low)) = (split(one), split(two));
    let low = one_low * two_low;
    let (middle, middle_carried) = (one_high * two_low).overflowing_add(one_low * two_high);
    let (low, low_carried) = low.overflowing_add(middle << HALF);
    let high = one_high * two_high
        + (middle >> HALF)
        + (u128::from(middle_carried) << HALF)
        + u128::from(low_carried);
    (high, low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random numbers that are the same in every run (`SplitMix64`).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }

        /// A number of any size up to so many bits, small ones being as likely as large ones.
        fn number(&mut self, bits: u64) -> i128 {
            let bits = self.roll() % bits;
            let magnitude = i128::from(self.roll() >> (63 - bits));
            if self.roll().is_multiple_of(2) {
                magnitude
            } else {
                -magnitude
            }
        }
    }

    /// Whether `rounded` is the nearest whole number to `numerator / denominator`, and at a tie the one farther from zero.
    fn is_nearest(rounded: i128, numerator: i128, denominator: i128) -> bool {
        let off = 2 * (rounded * denominator - numerator);
        off.abs() < denominator
            || (off.abs() == denominator && rounded.abs() * denominator > numerator.abs())
    }

    #[test]
    fn a_point_on_a_line_is_the_nearest_one_to_the_rational_number() {
        let mut dice = Dice(1);
        for _ in 0..200_000 {
            let (y0, y1) = (dice.number(58), dice.number(58));
            let (x0, x1) = (dice.number(58), dice.number(58));
            if x0 == x1 {
                continue;
            }
            let (low, high) = (x0.min(x1), x0.max(x1));
            let x = low + i128::from(dice.roll()) % (high - low + 1);
            let point = between((x0, y0), (x1, y1), x).unwrap();
            let run = x1 - x0;
            let numerator = (y0 * run + (y1 - y0) * (x - x0)) * run.signum();
            assert!(
                is_nearest(point, numerator, run.abs()),
                "({x0}, {y0}) to ({x1}, {y1}) at {x}: {point}"
            );
            assert_eq!(
                between((x1, y1), (x0, y0), x),
                Some(point),
                "either way round"
            );
        }
    }

    #[test]
    fn points_of_38_digits_are_exact() {
        let nines = 10_i128.pow(38) - 1;
        assert_eq!(between((0, -nines), (2, nines), 1), Some(0));
        assert_eq!(between((-nines, -nines), (nines, nines), 7), Some(7));
        assert_eq!(
            between((-nines, nines), (nines, -nines), nines - 1),
            Some(1 - nines)
        );
        assert_eq!(
            between((0, 0), (3, nines), 1),
            Some(33_333_333_333_333_333_333_333_333_333_333_333_333)
        );
        assert_eq!(between((5, 1), (5, 2), 5), None);
    }

    #[test]
    fn sums_and_products_are_the_nearest_to_the_rational_numbers() {
        let mut dice = Dice(2);
        for _ in 0..200_000 {
            let scales = [dice.roll(), dice.roll(), dice.roll()].map(|roll| (roll % 7) as u32);
            let [one_scale, two_scale, scale] = scales;
            let (one, two) = (dice.number(40), dice.number(40));
            let (left, right) = (Number::new(one, one_scale), Number::new(two, two_scale));
            let ten = |power: u32| 10_i128.pow(power);
            let sum = (one * ten(two_scale) + two * ten(one_scale)) * ten(scale);
            let product = one * two * ten(scale);
            let size = ten(one_scale + two_scale);
            assert!(
                is_nearest(left.plus(right, scale).unwrap(), sum, size),
                "{left:?} + {right:?}"
            );
            assert!(
                is_nearest(left.times(right, scale).unwrap(), product, size),
                "{left:?} * {right:?}"
            );
        }
    }

    #[test]
    fn results_that_do_not_fit_are_none() {
        let most = Number::new(i128::MAX, 0);
        assert_eq!(most.plus(Number::new(1, 0), 0), None);
        assert_eq!(most.times(Number::new(2, 0), 0), None);
        assert_eq!(most.times(Number::new(2, 0), 38), None);
        assert_eq!(most.times(Number::new(1, 0), 0), Some(i128::MAX));
        assert_eq!(most.units_at(1), None);
    }

    #[test]
    fn notation_comes_back() {
        for (given, units, scale) in [
            ("0", 0, 0),
            ("-0.05", -5, 2),
            ("12.50", 1_250, 2),
            ("-7", -700, 2),
            (
                "99999999999999999999999999999999999999",
                10_i128.pow(38) - 1,
                0,
            ),
        ] {
            let number = Number::parse(given).unwrap();
            assert_eq!(number.units_at(scale), Some(units), "{given}");
            let back = Number::parse(&text(units, scale)).unwrap();
            assert_eq!(back, number, "{given}");
        }
        assert_eq!(text(-5, 2), "-0.05");
        assert_eq!(text(1_250, 2), "12.50");
        assert_eq!(text(3, 0), "3");
        for wrong in [
            "",
            "-",
            ".5",
            "1e3",
            "NaN",
            "Infinity",
            "1.2.3",
            "+1",
            "1000000000000000000000000000000000000000",
        ] {
            assert_eq!(Number::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Number::parse("1.005").unwrap().units_at(2), None);
    }
}
