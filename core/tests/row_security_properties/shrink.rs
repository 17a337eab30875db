//! Makes a failing world smaller for as long as it fails.

use super::setting::Stage;
use super::stage::Fault;
use super::world::{Change, Deed, World};

/// The smallest world found that still fails, and how it fails.
pub(super) async fn smallest(stage: &Stage, world: World, fault: Fault) -> (World, String) {
    let mut text = fault.text;
    // What was done before has left its rows.
    let mut world = match cut(stage, &world, fault.deed, &fault.rows).await {
        Some((smaller, told)) => {
            text = told;
            smaller
        }
        None => World {
            deeds: world.deeds[..=fault.deed].to_vec(),
            ..world
        },
    };
    loop {
        let mut found = None;
        for smaller in smaller(&world) {
            if let Err(fault) = stage.play(&smaller).await {
                found = Some((smaller, fault.text));
                break;
            }
        }
        match found {
            Some((smaller, told)) => (world, text) = (smaller, told),
            None => return (world, text),
        }
    }
}

async fn cut(
    stage: &Stage,
    world: &World,
    deed: usize,
    rows: &[super::world::Row],
) -> Option<(World, String)> {
    let alone = World {
        rows: rows.to_vec(),
        prelude: Vec::new(),
        deeds: vec![world.deeds[deed].clone()],
        ..world.clone()
    };
    let fault = stage.play(&alone).await.err()?;
    Some((alone, fault.text))
}

/// Worlds with one thing less.
fn smaller(world: &World) -> Vec<World> {
    let mut all = Vec::new();
    let mut less = |change: &dyn Fn(&mut World)| {
        let mut smaller = world.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for at in 0..world.deeds.len() {
        if world.deeds.len() > 1 {
            less(&|world| drop(world.deeds.remove(at)));
        }
        if let Deed::Write(changes) = &world.deeds[at].1 {
            fewer_changes(at, changes, &mut less);
        }
        if let Deed::Bulk {
            filter: Some(_), ..
        } = &world.deeds[at].1
        {
            less(&|world| {
                if let Deed::Bulk { filter, .. } = &mut world.deeds[at].1 {
                    *filter = None;
                }
            });
        }
        if let Deed::Read { filter, sort, .. } = &world.deeds[at].1 {
            if filter.is_some() {
                less(&|world| {
                    if let Deed::Read { filter, .. } = &mut world.deeds[at].1 {
                        *filter = None;
                    }
                });
            }
            if !sort.is_empty() {
                less(&|world| {
                    if let Deed::Read { sort, .. } = &mut world.deeds[at].1 {
                        sort.pop();
                    }
                });
            }
        }
    }
    for at in 0..world.prelude.len() {
        less(&|world| drop(world.prelude.remove(at)));
    }
    for at in 0..world.rows.len() {
        less(&|world| drop(world.rows.remove(at)));
    }
    for at in 0..world.policies.len() {
        // Without any policy every row is seen: that is not less of the same.
        if world.policies.len() > 1 {
            less(&|world| drop(world.policies.remove(at)));
        }
        for rule in 0..world.policies[at].len() {
            less(&|world| drop(world.policies[at].remove(rule)));
        }
    }
    for at in 0..world.edit_when.len() {
        less(&|world| drop(world.edit_when.remove(at)));
    }
    for at in 0..world.add_when.len() {
        less(&|world| drop(world.add_when.remove(at)));
    }
    for at in 0..world.entitlements.len() {
        less(&|world| drop(world.entitlements.remove(at)));
    }
    all
}

fn fewer_changes(at: usize, changes: &[Change], less: &mut impl FnMut(&dyn Fn(&mut World))) {
    for number in 0..changes.len() {
        if changes.len() > 1 {
            less(&|world| {
                if let Deed::Write(changes) = &mut world.deeds[at].1 {
                    changes.remove(number);
                }
            });
        }
        let (Change::Add { values, .. } | Change::Edit { values, .. }) = &changes[number] else {
            continue;
        };
        let least = usize::from(matches!(changes[number], Change::Edit { .. }));
        for value in 0..values.len() {
            if values.len() > least {
                less(&|world| {
                    if let Deed::Write(changes) = &mut world.deeds[at].1
                        && let Change::Add { values, .. } | Change::Edit { values, .. } =
                            &mut changes[number]
                    {
                        values.remove(value);
                    }
                });
            }
        }
    }
}
