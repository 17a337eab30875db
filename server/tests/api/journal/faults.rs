//! What goes wrong in a round, and where in the life of a change.

use super::dice::Dice;

/// Whose connection is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Target,
    Repository,
}

/// What becomes of the message that is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It never arrives.
    Lost,
    /// It arrives, and its answer is lost.
    Answered,
    /// It arrives, and the connection breaks while the database is at work.
    Racing,
}

/// A point in the life of a change: the message with its id, on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) side: Side,
    /// Messages with the id of the change that pass before.
    pub(super) pass: u32,
    /// Messages behind that one that pass before, on the same connection.
    pub(super) behind: u32,
    pub(super) how: How,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server is killed once so many changes were acknowledged in the round.
    Killed { acknowledged: usize },
    /// The server is killed at this point.
    KilledAt(Point),
    /// The connection breaks at this point.
    CutAt(Point),
}

impl Fault {
    pub(super) fn kills(&self) -> bool {
        !matches!(self, Self::CutAt(_))
    }
}

/// What can go wrong in a world.
pub(super) struct Faults {
    points: Vec<Point>,
}

impl Faults {
    /// All points of the sides that are reached through a proxy. `steps` says whether the target is sent one statement at
    /// a time.
    pub(super) fn of(target: bool, repository: bool, steps: bool) -> Self {
        let mut points = Vec::new();
        let all = [How::Lost, How::Answered, How::Racing];
        let mut add = |side, pass, behind, hows: &[How]| {
            points.extend(hows.iter().map(|how| Point {
                side,
                pass,
                behind,
                how: *how,
            }));
        };
        if repository {
            // Opening, closing.
            add(Side::Repository, 0, 0, &all);
            add(Side::Repository, 1, 0, &all);
        }
        if target {
            add(Side::Target, 0, 0, &all);
            // In the middle of the transaction, and at its commit.
            for behind in if steps { 1..4 } else { 0..0 } {
                add(Side::Target, 0, behind, &all);
            }
        }
        Self { points }
    }

    /// One of them. A third of the faults that have a point kill the server there.
    pub(super) fn choose(&self, dice: &mut Dice) -> Fault {
        let kinds = if self.points.is_empty() { 1 } else { 6 };
        match dice.below(kinds) {
            0 => Fault::Killed {
                acknowledged: 1 + dice.below(8),
            },
            1 | 2 => Fault::KilledAt(self.points[dice.below(self.points.len())]),
            _ => Fault::CutAt(self.points[dice.below(self.points.len())]),
        }
    }
}
