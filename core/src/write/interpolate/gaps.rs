//! Which gaps lie between known neighbours, and what becomes of the others.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::number::between;

/// Keys told of gaps that stay, for each reason.
const KEYS: usize = 10;

/// Why a gap stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// No known value comes before it.
    Leading,
    /// No known value comes after it.
    Trailing,
    /// There is no known value at all.
    NoneKnown,
    /// The row has no value in the field along which neighbours are looked for.
    NoPlace,
    /// A nearest neighbour has several different values at the same place.
    Ambiguous,
}

/// Gaps that stay for the same reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// How many.
    pub count: u64,
    /// Keys of some of the rows.
    pub keys: Vec<Json>,
}

/// A row along the order; without `y` it is a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// Position of the row among all.
    pub(super) row: usize,
    pub(super) x: Option<i128>,
    pub(super) y: Option<i128>,
}

/// A place with known values.
#[derive(Clone, Copy)]
struct Known {
    x: i128,
    /// The value, if it is one.
    y: Option<i128>,
}

/// What each gap of one group gets, in the order of the places.
pub(super) fn fill(mut points: Vec<Point>) -> Vec<(usize, Result<i128, GapReason>)> {
    points.sort_by_key(|point| point.x);
    let mut known: Vec<Known> = Vec::new();
    for point in &points {
        let (Some(x), Some(y)) = (point.x, point.y) else {
            continue;
        };
        match known.last_mut() {
            Some(last) if last.x == x => last.y = last.y.filter(|same| *same == y),
            _ => known.push(Known { x, y: Some(y) }),
        }
    }
    let gaps = points.iter().filter(|point| point.y.is_none());
    gaps.map(|gap| (gap.row, value(&known, gap.x))).collect()
}

fn value(known: &[Known], x: Option<i128>) -> Result<i128, GapReason> {
    let x = x.ok_or(GapReason::NoPlace)?;
    // The first known place that is not before the gap.
    let next = known.partition_point(|one| one.x < x);
    let after = known.get(next);
    let before = next.checked_sub(1).and_then(|at| known.get(at));
    let at = |one: &Known| one.y.map(|y| (one.x, y)).ok_or(GapReason::Ambiguous);
    match (before, after) {
        (_, Some(after)) if after.x == x => at(after).map(|(_, y)| y),
        (Some(before), Some(after)) => {
            between(at(before)?, at(after)?, x).ok_or(GapReason::Ambiguous)
        }
        (None, Some(_)) => Err(GapReason::Leading),
        (Some(_), None) => Err(GapReason::Trailing),
        (None, None) => Err(GapReason::NoneKnown),
    }
}

/// Gaps that stay, as they are found.
#[derive(Default)]
pub(super) struct Left(BTreeMap<GapReason, (u64, Vec<Json>)>);

impl Left {
    pub(super) fn add(&mut self, reason: GapReason, key: Json) {
        let (count, keys) = self.0.entry(reason).or_default();
        *count += 1;
        if keys.len() < KEYS {
            keys.push(key);
        }
    }

    pub(super) fn gaps(self) -> Vec<Gap> {
        let gaps = self.0.into_iter();
        gaps.map(|(reason, (count, keys))| Gap {
            reason,
            count,
            keys,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(points: &[(Option<i128>, Option<i128>)]) -> Vec<(usize, Result<i128, GapReason>)> {
        let points = points.iter().enumerate();
        fill(
            points
                .map(|(row, (x, y))| Point { row, x: *x, y: *y })
                .collect(),
        )
    }

    #[test]
    fn gaps_between_known_neighbours_are_filled_and_others_told() {
        let points = [
            (Some(0), None),
            (Some(10), Some(100)),
            (Some(40), None),
            (Some(20), None),
            (Some(50), Some(0)),
            (Some(50), None),
            (Some(60), None),
            (None, None),
        ];
        let expected = [
            (7, Err(GapReason::NoPlace)),
            (0, Err(GapReason::Leading)),
            (3, Ok(75)),
            (2, Ok(25)),
            (5, Ok(0)),
            (6, Err(GapReason::Trailing)),
        ];
        assert_eq!(filled(&points), expected);
        assert_eq!(filled(&[(Some(1), None)]), [(0, Err(GapReason::NoneKnown))]);
    }

    #[test]
    fn a_place_with_two_values_is_no_neighbour() {
        let points = [
            (Some(0), Some(1)),
            (Some(0), Some(2)),
            (Some(1), None),
            (Some(2), Some(3)),
            (Some(0), None),
        ];
        let ambiguous = Err(GapReason::Ambiguous);
        assert_eq!(filled(&points), [(4, ambiguous), (2, ambiguous)]);
        let same = [
            (Some(0), Some(1)),
            (Some(0), Some(1)),
            (Some(1), None),
            (Some(2), Some(3)),
        ];
        assert_eq!(filled(&same), [(2, Ok(2))]);
    }
}
