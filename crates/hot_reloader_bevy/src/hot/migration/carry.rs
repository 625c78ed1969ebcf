//! All new values are made first, and put in place only if all came about.
#![expect(
    unsafe_code,
    reason = "it puts values in place that are known by their type id only"
)]

use std::{any::TypeId, collections::HashMap, time::Instant};

use bevy::{
    ecs::{
        component::{ComponentId, ComponentInfo},
        entity::Entity,
        storage::TableRow,
    },
    prelude::{Mut, World},
    ptr::Ptr,
};
use hot_reloader_core::{panics, TypeFault};
use hot_reloader_transaction::{Passage, ReloadError, TypeChange};

use super::{
    convert::Stuck,
    left::{Left, LeftBehind},
    Crossing, Holder, Way,
};
use crate::hot::{code, rehearsal::Incoming, slots::Delegates, snapshot::Column};

/// What a resource is that is where another is to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A first value, which the build has made for want of one.
    Taken,
    /// What new code has worked with.
    Newer,
}

/// New values of one type, ready to be put in place.
struct Made<'a> {
    crossing: &'a Crossing,
    to: ComponentId,
    entities: Vec<Entity>,
    values: Column,
}

impl Made<'_> {
    fn holders(&self) -> Vec<Option<Entity>> {
        if self.crossing.holder == Holder::Entities {
            self.entities.iter().copied().map(Some).collect()
        } else {
            vec![None]
        }
    }
}

/// Tries whether all values of types that changed can become new ones.
///
/// # Errors
///
/// Those that cannot: the first of each type.
pub(crate) fn rehearse(world: &World, crossings: &[Crossing]) -> Result<(), Vec<TypeFault>> {
    let changed = crossings.iter().filter_map(|crossing| match &crossing.way {
        Way::Over {
            passage: Passage::Migrated,
            to: Some(to),
            ..
        } => Some((crossing, to)),
        _ => None,
    });
    let stuck = changed.filter_map(|(crossing, to)| convert(world, crossing, to).err());
    let stuck: Vec<_> = stuck.collect();
    if stuck.is_empty() {
        Ok(())
    } else {
        Err(stuck)
    }
}

/// Carries all values over. The new types that are used are known to the world.
///
/// # Errors
///
/// Which value cannot go over; nothing has been touched then. Or a panic of a hook.
pub(crate) fn carry(
    world: &mut World,
    incoming: &HashMap<TypeId, Incoming>,
    crossings: Vec<Crossing>,
) -> Result<Vec<TypeChange>, ReloadError> {
    let mut changes = Vec::new();
    let mut made = Vec::new();
    let mut waiting = Vec::new();
    for (index, crossing) in crossings.iter().enumerate() {
        let start = Instant::now();
        let Some((passage, to)) = passage_of(world, crossing) else {
            continue;
        };
        let mut notes = Vec::new();
        if let Some((to, incoming)) = to {
            let (entities, values, said) = convert(world, crossing, incoming)
                .map_err(|fault| ReloadError::TypesChanged(vec![fault]))?;
            notes = said;
            if let (Passage::Migrated, true, Some(change)) =
                (passage, notes.is_empty(), &crossing.fault.change)
            {
                notes = change.differences();
            }
            made.push(Made {
                crossing,
                to,
                entities,
                values,
            });
        }
        if passage == Passage::Waiting {
            waiting.push(index);
        }
        let [was, name] = &crossing.names;
        changes.push(TypeChange {
            name: name.clone(),
            was: (was != name).then(|| was.clone()),
            passage,
            values: holders(world, crossing).len(),
            ms: start.elapsed().as_secs_f64() * 1000.0,
            notes,
        });
    }
    let gone = crossings.iter();
    let gone = gone.filter(|crossing| matches!(crossing.way, Way::Discard));
    let entered = world.resource::<Delegates>().spawned.present(world);
    put(world, &mut made, gone, Place::Taken)?;
    let became = made.iter().map(|made| (made.crossing.old, made.to));
    let became: HashMap<ComponentId, ComponentId> = became.collect();
    world.resource_scope(|world, mut delegates: Mut<Delegates>| {
        delegates.spawned.stay_present(world, entered, &became);
    });
    leave_behind(world, incoming, crossings, &waiting);
    Ok(changes)
}

/// How values go over now, and what they become. `None` if the build has made what new code is to find.
fn passage_of<'a>(
    world: &World,
    crossing: &'a Crossing,
) -> Option<(Passage, Option<(ComponentId, &'a Incoming)>)> {
    match &crossing.way {
        Way::Anew => None,
        Way::Discard | Way::DiscardUnseen => Some((Passage::Discarded, None)),
        Way::Over { passage, to, .. } => {
            let known = to.as_ref().and_then(|to| {
                let id = new_id(world, to, crossing.holder)?;
                Some((id, to))
            });
            let passage = known.map_or(Passage::Waiting, |_| *passage);
            Some((passage, known))
        }
    }
}

/// Takes note of the values that stay as they were: of those, by their places, that wait for new code to use their
/// types, and of those that no code uses.
fn leave_behind(
    world: &mut World,
    incoming: &HashMap<TypeId, Incoming>,
    crossings: Vec<Crossing>,
    waiting: &[usize],
) {
    let known = world.components().len();
    // Code of before may come back, and its values with it.
    let is_used = |id: &ComponentId| {
        let info = world.components().get_info(*id);
        let id = info.and_then(ComponentInfo::type_id);
        id.is_some_and(|id| incoming.contains_key(&id))
    };
    let mut abandoned = world.resource::<LeftBehind>().now.abandoned.clone();
    abandoned.retain(|id| !is_used(id));
    let anew = crossings.iter();
    let anew = anew.filter(|of| matches!(of.way, Way::Anew | Way::DiscardUnseen));
    abandoned.extend(anew.map(|crossing| crossing.old));
    let crossings = crossings.into_iter().enumerate();
    let crossings = crossings.filter(|(index, _)| waiting.contains(index));
    let waiting: Vec<Crossing> = crossings.map(|(_, crossing)| crossing).collect();
    let left = &mut *world.resource_mut::<LeftBehind>();
    let now = Left { waiting, abandoned };
    left.before = std::mem::replace(&mut left.now, now);
    left.known = known;
}

/// Carries over what waited for new code to use its type, as soon as it has.
pub(crate) fn late(world: &mut World) {
    let known = world.components().len();
    let left = &mut *world.resource_mut::<LeftBehind>();
    if left.known == known {
        return;
    }
    left.known = known;
    let crossings = std::mem::take(&mut left.now.waiting);
    let mut waiting = Vec::new();
    for mut crossing in crossings {
        let Some(to) = newcomer(world, &crossing) else {
            waiting.push(crossing);
            continue;
        };
        let id = new_id(world, &to, crossing.holder);
        if let Way::Over { to: place, .. } = &mut crossing.way {
            *place = Some(to.clone());
        }
        let carried = id.map(|id| match convert(world, &crossing, &to) {
            Ok((entities, values, _)) => {
                let mut made = [Made {
                    crossing: &crossing,
                    to: id,
                    entities,
                    values,
                }];
                put(world, &mut made, [], Place::Newer).map_err(|error| error.to_string())
            }
            Err(fault) => Err(fault.to_string()),
        });
        if let Some(Err(reason)) = carried {
            bevy::log::error!("values that waited for their type cannot go over: {reason}");
        }
    }
    world.resource_mut::<LeftBehind>().now.waiting = waiting;
}

/// The type that a crossing waits for, if it has come. Other code may have had types of that name.
fn newcomer(world: &World, crossing: &Crossing) -> Option<Incoming> {
    let Delegates { origins, slots, .. } = world.resource::<Delegates>();
    let name = &*crossing.names[1];
    let is_of_others = |id: &TypeId| {
        let mut running = slots.iter().map(|slot| &slot.layout);
        let origin = origins.get(id);
        origin.is_some_and(|origin| running.all(|layout| layout.tells_apart(origin, name)))
    };
    let mut known = world.components().iter();
    let info = known.find(|info| {
        let id = info.type_id().filter(|_| info.name() == name);
        id.is_some_and(|id| !is_of_others(&id))
    })?;
    Incoming::of(info)
}

fn new_id(world: &World, to: &Incoming, holder: Holder) -> Option<ComponentId> {
    match holder {
        Holder::Entities => world.components().get_id(to.id),
        Holder::Resource { .. } => world.components().get_resource_id(to.id),
    }
}

/// Who has a value.
fn holders(world: &World, crossing: &Crossing) -> Vec<Option<Entity>> {
    if crossing.holder != Holder::Entities {
        return vec![None];
    }
    let archetypes = world.archetypes().iter();
    let archetypes = archetypes.filter(|archetype| archetype.contains(crossing.old));
    let entities = archetypes.flat_map(|archetype| archetype.entities());
    entities.map(|entity| Some(entity.id())).collect()
}

/// The new values, with those that they are for and what is to be said of them.
fn convert(
    world: &World,
    crossing: &Crossing,
    to: &Incoming,
) -> Result<(Vec<Entity>, Column, Vec<String>), TypeFault> {
    let Way::Over { conversion, .. } = &crossing.way else {
        unreachable!("what is discarded becomes nothing");
    };
    let info = world.components().get_info(crossing.old);
    let size = info.map_or(0, |info| info.layout().size());
    let holders = holders(world, crossing);
    let mut values = Column::new(to.layout, to.drop, holders.len());
    let old = holders
        .iter()
        .filter_map(|holder| Some((*holder, value(world, crossing, *holder)?)));
    // SAFETY: the values are of the component, and the column is for the type that the rehearsal met.
    let converted = unsafe { conversion.convert(world, old, size, &mut values) };
    let notes = converted.map_err(|Stuck { entity, reason }| TypeFault {
        entity: entity.map(|entity| entity.to_string()),
        reason,
        ..crossing.fault.clone()
    })?;
    Ok((holders.into_iter().flatten().collect(), values, notes))
}

fn value<'w>(world: &'w World, crossing: &Crossing, of: Option<Entity>) -> Option<Ptr<'w>> {
    let storages = world.storages();
    match (crossing.holder, of) {
        (Holder::Entities, Some(entity)) => {
            let location = world.entities().get(entity)?;
            let table = storages.tables.get(location.table_id)?;
            let row: TableRow = location.table_row;
            let in_table = table
                .get_column(crossing.old)
                .and_then(|column| column.get_data(row));
            in_table.or_else(|| storages.sparse_sets.get(crossing.old)?.get(entity))
        }
        (Holder::Resource { is_send: true }, _) => storages.resources.get(crossing.old)?.get_data(),
        _ => storages.non_send_resources.get(crossing.old)?.get_data(),
    }
}

/// What was goes, and then what is comes, as hooks expect it: these find the resources of their code. Observers are
/// told nothing, since nothing has come or gone.
fn put<'a>(
    world: &mut World,
    made: &mut [Made<'_>],
    gone: impl IntoIterator<Item = &'a Crossing>,
    place: Place,
) -> Result<(), ReloadError> {
    let is_resource = |crossing: &Crossing| crossing.holder != Holder::Entities;
    let gone = gone.into_iter();
    let gone = gone.map(|crossing| (crossing, holders(world, crossing)));
    let mut goes: Vec<(&Crossing, Vec<Option<Entity>>)> = gone.collect();
    goes.extend(made.iter().map(|made| (made.crossing, made.holders())));
    goes.sort_by_key(|(crossing, _)| is_resource(crossing));
    made.sort_by_key(|made| !is_resource(made.crossing));
    code::unheard(world, |world| {
        for (crossing, holders) in goes {
            remove(world, crossing, &holders)?;
        }
        made.iter_mut()
            .try_for_each(|made| insert(world, made, place))
    })
}

fn remove(
    world: &mut World,
    crossing: &Crossing,
    holders: &[Option<Entity>],
) -> Result<(), ReloadError> {
    guarded(crossing, || {
        for holder in holders {
            match (crossing.holder, holder) {
                (Holder::Entities, Some(entity)) => {
                    if let Some(mut entity) = world.get_entity_mut(*entity) {
                        entity.remove_by_id(crossing.old);
                    }
                }
                (Holder::Resource { is_send: false }, _) => {
                    world.remove_non_send_by_id(crossing.old);
                }
                _ => {
                    world.remove_resource_by_id(crossing.old);
                }
            }
        }
    })
}

fn insert(world: &mut World, made: &mut Made<'_>, place: Place) -> Result<(), ReloadError> {
    let Made {
        crossing,
        to,
        entities,
        values,
    } = made;
    guarded(crossing, || {
        let is_there = match crossing.holder {
            _ if place == Place::Taken => false,
            Holder::Entities => false,
            Holder::Resource { is_send: true } => world.get_resource_by_id(*to).is_some(),
            Holder::Resource { is_send: false } => world.get_non_send_by_id(*to).is_some(),
        };
        while values.len() > 0 && !is_there {
            // In the order of their entities, the last one first.
            let entity = entities.pop();
            values.give(|value| {
                // SAFETY: the value is of the component, and given away.
                unsafe {
                    match (crossing.holder, entity) {
                        (Holder::Entities, Some(entity)) => {
                            let entity = world.get_entity_mut(entity);
                            // What new code has put there is newer.
                            if let Some(mut entity) = entity.filter(|e| !e.contains_id(*to)) {
                                entity.insert_by_id(*to, value);
                            }
                        }
                        (Holder::Resource { is_send: false }, _) => {
                            world.insert_non_send_by_id(*to, value);
                        }
                        _ => world.insert_resource_by_id(*to, value),
                    }
                }
            });
        }
    })
}

/// Runs what runs hooks.
fn guarded(crossing: &Crossing, work: impl FnOnce()) -> Result<(), ReloadError> {
    panics::guard(work).map_err(|panic| {
        ReloadError::TypesChanged(vec![TypeFault {
            reason: format!("a hook of it panicked while its values went over: {panic}"),
            ..crossing.fault.clone()
        }])
    })
}
