//! Making the world what it was.
#![expect(
    unsafe_code,
    reason = "it puts values back that are known by their type id only"
)]

use std::collections::{BTreeMap, HashMap, HashSet};

use bevy::{
    ecs::{component::ComponentId, entity::Entity, storage::TableId, world::Command},
    prelude::{DetectChangesMut, World},
    ptr::{OwningPtr, Ptr},
};

use super::{lost::Lost, policy, Column, ColumnCopy, Copier, Scope, Snapshot, TableCopy};
use crate::hot::names;

/// Rounds in which what a hook or an observer of the host adds meanwhile is taken away.
const ROUNDS: usize = 3;

impl Snapshot {
    /// Makes the values in the world those of this moment, under the same entities. What is as it was
    /// is not touched; what is restored counts as changed. Returns what is not as it was, one line for
    /// each type.
    pub(crate) fn restore(&self, world: &mut World) -> Vec<String> {
        let mut lost = Lost::default();
        // Commands that wait are part of what is undone, and their drop glue may panic.
        lost.guard("commands", || world.flush());
        self.unsay_removals(world);
        for _ in 0..ROUNDS {
            self.despawn_newcomers(world, &mut lost);
            self.respawn(world, &mut lost);
            self.remove_what_was_added(world, &mut lost);
            if !self.restore_components(world, &mut lost) {
                break;
            }
            lost.guard("commands", || world.flush());
        }
        self.restore_resources(world, &mut lost);
        for copy in &self.parts {
            lost.guard("a part of the engine", || copy.restore(world));
        }
        lost.lines(world)
    }

    /// What was taken away comes back under the same id, so whoever has not heard that it was gone must not hear
    /// it afterwards: the layout of Bevy's UI, for one, would drop a node that is there. Whoever has heard finds
    /// it added. The engine forgets removals only all at once; those of newcomers come after this.
    fn unsay_removals(&self, world: &mut World) {
        let removed = world.removed_components();
        // Those of observers are the reloader's own doing.
        let is_own = |id| {
            let name = world.components().get_name(id);
            name.is_some_and(names::is_of_observers)
        };
        let comes_back = removed.iter().any(|(id, events)| {
            let mut since = self.removals.get(id).cloned().unwrap_or_default();
            let mut removed = since.read(events).cloned().map(Entity::from);
            self.scope.contains(*id) && !is_own(*id) && removed.any(|entity| self.was_alive(entity))
        });
        if comes_back {
            // Each is kept for two frames.
            world.clear_trackers();
            world.clear_trackers();
        }
    }

    /// Not recursively: what was re-parented under one of them stays, and gets its parent back.
    fn despawn_newcomers(&self, world: &mut World, lost: &mut Lost) {
        let newcomers: Vec<Entity> = world
            .archetypes()
            .iter()
            .filter(|archetype| match &self.scope {
                Scope::World => true,
                Scope::Types(types) => types.iter().any(|id| archetype.contains(*id)),
            })
            .flat_map(|archetype| archetype.entities().iter().map(|entity| entity.id()))
            .filter(|entity| !self.was_alive(*entity))
            .collect();
        for entity in newcomers {
            lost.guard("an entity that new code spawned", || {
                // A hook of another may have taken it along.
                if world.entities().contains(entity) {
                    match self.scope {
                        Scope::World => {
                            world.despawn(entity);
                        }
                        Scope::Types(_) => {
                            bevy::hierarchy::DespawnRecursive { entity }.apply(world);
                        }
                    }
                }
            });
        }
    }

    fn respawn(&self, world: &mut World, lost: &mut Lost) {
        let copies = self.tables.iter().flat_map(|table| &table.entities);
        let copies = copies.chain(self.sparse.iter().flat_map(|copy| &copy.entities));
        for entity in copies {
            if world.entities().contains(*entity) {
                continue;
            }
            // Its index may be taken by an entity that a partial snapshot does not know.
            if let Some(holder) = world.entities().resolve_from_id(entity.index()) {
                lost.guard("an entity of the same index", || {
                    world.despawn(holder);
                });
            }
            if world.get_or_spawn(*entity).is_none() {
                lost.note_text(format!("entity {entity}: its id is taken"));
            }
        }
    }

    /// Components that the entities did not have.
    fn remove_what_was_added(&self, world: &mut World, lost: &mut Lost) {
        let (unmoved, moved): (Vec<_>, Vec<_>) = self
            .tables
            .iter()
            .partition(|table| is_unmoved(world, table));
        // Those of a table that is as it was have what they had, at least in it.
        let unmoved: HashSet<usize> = unmoved.iter().map(|table| table.id.as_usize()).collect();
        let homes = moved.into_iter().flat_map(|table| {
            let entities = table.entities.iter();
            entities.map(move |entity| (*entity, table))
        });
        let homes: HashMap<Entity, &TableCopy> = homes.collect();
        let mut sparse: HashSet<(Entity, ComponentId)> = HashSet::new();
        for copy in &self.sparse {
            let component = copy.column.component;
            sparse.extend(copy.entities.iter().map(|entity| (*entity, component)));
        }
        let mut added: Vec<(Entity, ComponentId)> = Vec::new();
        for archetype in world.archetypes().iter() {
            let in_scope = |id: &ComponentId| self.scope.contains(*id);
            let in_table: Vec<_> = archetype.table_components().filter(in_scope).collect();
            let in_set: Vec<_> = archetype.sparse_set_components().filter(in_scope).collect();
            let is_unmoved = unmoved.contains(&archetype.table_id().as_usize());
            for entity in archetype.entities().iter().map(|entity| entity.id()) {
                if !is_unmoved {
                    let home = homes.get(&entity);
                    let had = |id: &ComponentId| home.is_some_and(|home| home.has(*id));
                    let more = in_table.iter().filter(|id| !had(id));
                    added.extend(more.map(|id| (entity, *id)));
                }
                let more = in_set.iter().filter(|id| !sparse.contains(&(entity, **id)));
                added.extend(more.map(|id| (entity, *id)));
            }
        }
        for (entity, component) in added {
            lost.guard("a component that new code added", || {
                if let Some(mut entity) = world.get_entity_mut(entity) {
                    entity.remove_by_id(component);
                }
            });
        }
    }

    /// Returns whether any component had to be inserted, at which hooks and observers of the host run.
    fn restore_components(&self, world: &mut World, lost: &mut Lost) -> bool {
        let mut inserted = false;
        for table in &self.tables {
            let unmoved = is_unmoved(world, table);
            let mut missing: BTreeMap<usize, Vec<&ColumnCopy>> = BTreeMap::new();
            for copy in &table.columns {
                self.restore_column(
                    world,
                    &table.entities,
                    copy,
                    unmoved.then_some(table.id),
                    lost,
                    &mut missing,
                );
            }
            for (row, copies) in missing {
                inserted |= insert(world, table.entities[row], row, &copies, lost);
            }
        }
        for copy in &self.sparse {
            let mut missing = BTreeMap::new();
            self.restore_column(
                world,
                &copy.entities,
                &copy.column,
                None,
                lost,
                &mut missing,
            );
            for (row, copies) in missing {
                inserted |= insert(world, copy.entities[row], row, &copies, lost);
            }
        }
        inserted
    }

    /// Overwrites what is different, and notes what is missing.
    fn restore_column<'a>(
        &self,
        world: &mut World,
        entities: &[Entity],
        copy: &'a ColumnCopy,
        unmoved: Option<TableId>,
        lost: &mut Lost,
        missing: &mut BTreeMap<usize, Vec<&'a ColumnCopy>>,
    ) {
        let id = copy.component;
        if let (Some(table), Copier::Bytes, Some(values)) = (unmoved, &copy.copier, &copy.values) {
            // All of it at once, at the speed of memory.
            let changed = changed_rows(world, table, id, values);
            for row in changed {
                overwrite(world, entities[row], copy, row, lost);
            }
            return;
        }
        for (row, entity) in entities.iter().enumerate() {
            let Some(current) = world.get_entity(*entity) else {
                continue;
            };
            let Some(value) = current.get_by_id(id) else {
                missing.entry(row).or_default().push(copy);
                continue;
            };
            let ticks = current
                .get_change_ticks_by_id(id)
                .expect("it has the component");
            let this_run = world.read_change_tick();
            let is_newer = ticks.last_changed_tick().is_newer_than(self.tick, this_run);
            if self.differs(copy, row, value, is_newer) {
                overwrite(world, *entity, copy, row, lost);
            } else if copy.unable.is_some() && is_newer && !self.untold.contains(&id) {
                lost.note(id, copy.unable, Some(*entity));
            }
        }
    }

    /// Whether a value is to be overwritten by its copy.
    fn differs(&self, copy: &ColumnCopy, row: usize, now: Ptr<'_>, is_newer: bool) -> bool {
        match (&copy.copier, &copy.values) {
            (_, None) | (Copier::IfMissing(_) | Copier::Derived(_), _) => false,
            (Copier::Bytes, Some(values)) => {
                let was = values.bytes(row, 1);
                // SAFETY: both are values of one type; see `Column::bytes` about their padding.
                let now = unsafe { std::slice::from_raw_parts(now.as_ptr(), was.len()) };
                was != now
            }
            // A state key is restored even if it was changed behind the engine's back.
            (Copier::Clone(_), Some(_)) => true,
            (_, Some(_)) => is_newer,
        }
    }

    fn restore_resources(&self, world: &mut World, lost: &mut Lost) {
        let known: HashSet<(ComponentId, bool)> = self
            .resources
            .iter()
            .map(|copy| (copy.id, copy.is_send))
            .collect();
        let mut added: Vec<(ComponentId, bool)> = Vec::new();
        for info in world.components().iter() {
            let storages = world.storages();
            let send = storages.resources.get(info.id());
            let non_send = storages.non_send_resources.get(info.id());
            let is_present = [
                (send.is_some_and(|data| data.is_present()), true),
                (non_send.is_some_and(|data| data.is_present()), false),
            ];
            added.extend(
                is_present
                    .into_iter()
                    .filter(|(is_present, is_send)| {
                        *is_present
                            && !known.contains(&(info.id(), *is_send))
                            && self.scope.contains(info.id())
                    })
                    .map(|(_, is_send)| (info.id(), is_send)),
            );
        }
        let gone = self.resources.iter().filter(|copy| copy.value.is_none());
        added.extend(gone.map(|copy| (copy.id, copy.is_send)));
        for (id, is_send) in added {
            let stays = world
                .components()
                .get_info(id)
                .is_none_or(|info| matches!(self.copiers.of(info), Copier::Leave));
            if stays {
                continue;
            }
            lost.guard("a resource that new code inserted", || {
                if is_send {
                    world.remove_resource_by_id(id);
                } else {
                    world.remove_non_send_by_id(id);
                }
            });
        }
        for copy in &self.resources {
            let Some(value) = &copy.value else { continue };
            self.restore_resource(world, copy.is_send, value, lost);
        }
    }

    fn restore_resource(
        &self,
        world: &mut World,
        is_send: bool,
        copy: &ColumnCopy,
        lost: &mut Lost,
    ) {
        let id = copy.component;
        let this_run = world.read_change_tick();
        let storages = world.storages();
        let now = if is_send {
            storages
                .resources
                .get(id)
                .and_then(|data| Some((data.get_data()?, data.get_ticks()?)))
        } else {
            let data = storages.non_send_resources.get(id);
            data.and_then(|data| Some((data.get_data()?, data.get_ticks()?)))
        };
        let is_missing = now.is_none();
        if let Some((value, ticks)) = now {
            let is_newer = ticks.last_changed_tick().is_newer_than(self.tick, this_run);
            if !self.differs(copy, 0, value, is_newer) {
                if copy.unable.is_some() && is_newer && !self.untold.contains(&id) {
                    lost.note(id, copy.unable, None);
                }
                return;
            }
        }
        let Some(values) = &copy.values else {
            if is_missing {
                note_missing(world, copy, lost);
            }
            return;
        };
        let restored = lost.guard_copy(|| {
            let mut own = own(world, copy, values, 0)?;
            own.give(|value| {
                // SAFETY: the value is a copy of one of this resource.
                unsafe {
                    if is_send {
                        world.insert_resource_by_id(id, value);
                    } else {
                        world.insert_non_send_by_id(id, value);
                    }
                }
            });
            Some(())
        });
        if restored.is_none() {
            lost.note(id, Some("it could not be copied back"), None);
        }
    }
}

/// A resource is gone of which there is no copy: code removed it, or panicked while the engine had it out of the world
/// (`World::resource_scope`).
fn note_missing(world: &World, copy: &ColumnCopy, lost: &mut Lost) {
    let why = match &copy.copier {
        Copier::Leave => Some("it is gone, and is never copied"),
        _ => copy.unable,
    };
    let name = world.components().get_name(copy.component);
    if why.is_some() && !name.is_some_and(policy::comes_and_goes) {
        lost.note(copy.component, why, None);
    }
}

/// Whether the entities of a table are those that it had.
fn is_unmoved(world: &World, table: &TableCopy) -> bool {
    let now = world.storages().tables.get(table.id);
    now.is_some_and(|now| now.entities() == table.entities)
}

/// The rows of a column whose bytes are not those of the copy.
fn changed_rows(world: &World, table: TableId, id: ComponentId, values: &Column) -> Vec<usize> {
    let table = world
        .storages()
        .tables
        .get(table)
        .expect("it was looked up");
    let column = table
        .get_column(id)
        .expect("it had the component, and keeps it");
    let count = values.len();
    let size = column.item_layout().size();
    let was = values.bytes(0, count);
    let first: Ptr<'_> = column.get_data_ptr();
    // SAFETY: the table has the same entities, and a value for each; see `Column::bytes`.
    let now = unsafe { std::slice::from_raw_parts(first.as_ptr(), was.len()) };
    if was == now {
        return Vec::new();
    }
    let rows = was
        .chunks_exact(size)
        .zip(now.chunks_exact(size))
        .enumerate();
    rows.filter(|(_, (was, now))| was != now)
        .map(|(row, _)| row)
        .collect()
}

/// Puts the copy in place of a value that is there; neither hooks nor observers run.
fn overwrite(world: &mut World, entity: Entity, copy: &ColumnCopy, row: usize, lost: &mut Lost) {
    let Some(values) = &copy.values else { return };
    let id = copy.component;
    if matches!(copy.copier, Copier::Bytes) {
        let was = values.bytes(row, 1);
        if let Some(mut current) = world.get_mut_by_id(entity, id) {
            current.set_changed();
            // SAFETY: without drop glue, a value is its bytes, and the component has as many.
            unsafe {
                std::ptr::copy_nonoverlapping(was.as_ptr(), current.as_mut().as_ptr(), was.len());
            };
        }
        return;
    }
    let restored = lost.guard_copy(|| {
        let info = world.components().get_info(id)?;
        let (layout, drop) = (info.layout(), info.drop());
        let mut own = own(world, copy, values, row)?;
        let mut current = world.get_mut_by_id(entity, id)?;
        current.set_changed();
        let place = current.as_mut().as_ptr();
        let mut old = Column::new(layout, drop, 1);
        // SAFETY: the new value takes the place of the old, which is moved out first, so that a
        // destructor that panics finds neither of them half way.
        unsafe {
            old.push_with(|old| {
                std::ptr::copy_nonoverlapping(place, old, layout.size());
                true
            });
        }
        own.give(|value| {
            // SAFETY: the place is free, and the value is given away.
            unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), place, layout.size()) };
        });
        Some(())
    });
    if restored.is_none() {
        lost.note(id, Some("it could not be copied back"), Some(entity));
    }
}

/// Inserts the components that an entity has lost. Returns whether there were any.
fn insert(
    world: &mut World,
    entity: Entity,
    row: usize,
    copies: &[&ColumnCopy],
    lost: &mut Lost,
) -> bool {
    let mut inserted = false;
    // Those that are bytes go in together, which moves the entity once.
    let mut bytes: Vec<(ComponentId, Ptr<'_>)> = Vec::new();
    for copy in copies {
        match (&copy.copier, &copy.values) {
            (Copier::Bytes, Some(values)) => bytes.push((copy.component, values.get(row))),
            (_, Some(values)) => {
                inserted = true;
                let restored = lost.guard_copy(|| {
                    let mut own = own(world, copy, values, row)?;
                    let mut entity = world.get_entity_mut(entity)?;
                    own.give(|value| {
                        // SAFETY: the value is a copy of one of this component.
                        unsafe { entity.insert_by_id(copy.component, value) };
                    });
                    Some(())
                });
                if restored.is_none() {
                    lost.note(
                        copy.component,
                        Some("it could not be copied back"),
                        Some(entity),
                    );
                }
            }
            (Copier::Leave, None) => {
                lost.note(
                    copy.component,
                    Some("it mirrors what is outside of the world"),
                    Some(entity),
                );
            }
            (Copier::Derived(_), None) => {}
            (_, None) => lost.note(copy.component, copy.unable, Some(entity)),
        }
    }
    if !bytes.is_empty() {
        inserted = true;
        bytes.sort_by_key(|(id, _)| *id);
        let ids: Vec<_> = bytes.iter().map(|(id, _)| *id).collect();
        lost.guard("a component that was removed", || {
            if let Some(mut entity) = world.get_entity_mut(entity) {
                let values = bytes.iter().map(|(_, value)| {
                    let pointer =
                        std::ptr::NonNull::new(value.as_ptr()).expect("it is a reference");
                    // SAFETY: a value without drop glue is its bytes, so it can be owned twice.
                    unsafe { OwningPtr::new(pointer) }
                });
                // SAFETY: each value is of the component of the same place in `ids`.
                unsafe { entity.insert_by_ids(&ids, values) };
            }
        });
    }
    inserted
}

/// A copy of a value in the snapshot, to give away.
fn own(world: &World, copy: &ColumnCopy, values: &Column, row: usize) -> Option<Column> {
    let info = world.components().get_info(copy.component)?;
    let mut column = Column::new(info.layout(), info.drop(), 1);
    // SAFETY: column, values and copier are those of this component.
    unsafe { copy.copier.copy(values.get(row), &mut column) }.then_some(column)
}
