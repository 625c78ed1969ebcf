//! Copying.
#![expect(unsafe_code, reason = "it reads columns of values by their bytes")]

use std::collections::{BTreeMap, HashMap};

use bevy::{
    ecs::{component::ComponentId, entity::Entity, storage::TableId},
    prelude::World,
    ptr::Ptr,
};

use super::{
    Column, ColumnCopy, Copier, Copiers, Instructions, ResourceCopy, Scope, Snapshot, SparseCopy,
    TableCopy,
};

impl Snapshot {
    /// Copies all that is in `scope`. Entities that are reserved come to life first, and commands that
    /// wait are applied.
    ///
    /// # Panics
    ///
    /// If the `Clone` of a state key does.
    pub(crate) fn capture(world: &mut World, scope: Scope, instructions: &Instructions) -> Self {
        world.flush();
        let copiers = Copiers::new(world, &instructions.rules);
        // What changes from here on has a newer one.
        let tick = world.increment_change_tick();
        let parts = match scope {
            Scope::World => super::policy::parts(world),
            Scope::Types(_) => Vec::new(),
        };
        let world = &*world;
        let mut by_component = HashMap::new();
        let mut copier = |id: ComponentId| {
            let of = || {
                let info = world.components().get_info(id);
                copiers.of(info.expect("what is in use is registered"))
            };
            by_component.entry(id).or_insert_with(of).clone()
        };
        let tables = tables(world, &scope, &mut copier);
        let mut alive = vec![None; world.entities().total_count()];
        for entity in world.archetypes().iter().flat_map(|a| a.entities()) {
            let entity = entity.id();
            alive[entity.index() as usize] = Some(entity.generation());
        }
        let sparse = sparse(world, &scope, &mut copier);
        let resources = resources(world, &scope, &mut copier);
        let removals = world.removed_components().iter();
        let removals = removals.map(|(id, events)| (*id, events.get_reader_current()));
        let removals = removals.collect();
        Self {
            tick,
            tables,
            sparse,
            resources,
            alive,
            removals,
            parts,
            untold: instructions.untold(world),
            scope,
            copiers,
        }
    }
}

fn tables(
    world: &World,
    scope: &Scope,
    copier: &mut impl FnMut(ComponentId) -> Copier,
) -> Vec<TableCopy> {
    let mut components: BTreeMap<usize, (TableId, Vec<ComponentId>)> = BTreeMap::new();
    for archetype in world.archetypes().iter() {
        let id = archetype.table_id();
        let of = || (id, archetype.table_components().collect());
        components.entry(id.as_usize()).or_insert_with(of);
    }
    let mut copies = Vec::new();
    for (id, components) in components.into_values() {
        let Some(table) = world.storages().tables.get(id).filter(|t| !t.is_empty()) else {
            continue;
        };
        let mut columns = Vec::new();
        for component in components.into_iter().filter(|id| scope.contains(*id)) {
            let column = table.get_column(component).expect("the archetype has it");
            let count = table.entity_count();
            columns.push(match copier(component) {
                Copier::Bytes => {
                    let mut values = Column::new(column.item_layout(), None, count);
                    let first: Ptr<'_> = column.get_data_ptr();
                    // SAFETY: the column has a value for each entity, of a type without drop glue.
                    unsafe { values.extend_from_bytes(first.as_ptr(), count) };
                    ColumnCopy::of_bytes(component, values)
                }
                copier => {
                    let values = (0..count).map(|row| {
                        let row = bevy::ecs::storage::TableRow::from_usize(row);
                        column.get_data(row).expect("there is a value in each row")
                    });
                    copy(world, component, copier, values)
                }
            });
        }
        if matches!(scope, Scope::Types(_)) && columns.is_empty() {
            continue;
        }
        copies.push(TableCopy {
            id,
            entities: table.entities().to_vec(),
            columns,
        });
    }
    copies
}

fn sparse(
    world: &World,
    scope: &Scope,
    copier: &mut impl FnMut(ComponentId) -> Copier,
) -> Vec<SparseCopy> {
    let mut holders: HashMap<ComponentId, Vec<Entity>> = HashMap::new();
    for archetype in world.archetypes().iter().filter(|a| !a.is_empty()) {
        for component in archetype
            .sparse_set_components()
            .filter(|id| scope.contains(*id))
        {
            let entities = archetype.entities().iter().map(|entity| entity.id());
            holders.entry(component).or_default().extend(entities);
        }
    }
    let copies = holders.into_iter().map(|(component, entities)| {
        let set = world.storages().sparse_sets.get(component);
        let set = set.expect("its archetype is not empty");
        let values = entities
            .iter()
            .map(|entity| set.get(*entity).expect("its archetype has it"));
        SparseCopy {
            column: copy(world, component, copier(component), values),
            entities,
        }
    });
    copies.collect()
}

fn resources(
    world: &World,
    scope: &Scope,
    copier: &mut impl FnMut(ComponentId) -> Copier,
) -> Vec<ResourceCopy> {
    let storages = world.storages();
    let mut copies = Vec::new();
    for info in world
        .components()
        .iter()
        .filter(|info| scope.contains(info.id()))
    {
        let id = info.id();
        let send = storages.resources.get(id).map(|data| data.get_data());
        let non_send = storages
            .non_send_resources
            .get(id)
            .map(|data| data.get_data());
        for (value, is_send) in [(send, true), (non_send, false)] {
            let Some(value) = value else { continue };
            copies.push(ResourceCopy {
                id,
                is_send,
                value: value.map(|value| {
                    let copier = match copier(id) {
                        // Copied values may end up on another thread.
                        copier @ (Copier::Bytes | Copier::Leave) => copier,
                        _ if !is_send => Copier::Unable("it is bound to its thread"),
                        copier => copier,
                    };
                    copy(world, id, copier, std::iter::once(value))
                }),
            });
        }
    }
    copies
}

impl ColumnCopy {
    fn of_bytes(component: ComponentId, values: Column) -> Self {
        Self {
            component,
            copier: Copier::Bytes,
            values: Some(values),
            unable: None,
        }
    }
}

fn copy<'w>(
    world: &World,
    component: ComponentId,
    copier: Copier,
    values: impl ExactSizeIterator<Item = Ptr<'w>>,
) -> ColumnCopy {
    let unable = |copier, why| ColumnCopy {
        component,
        copier,
        values: None,
        unable: why,
    };
    match copier {
        Copier::Leave | Copier::Derived(None) => return unable(copier, None),
        Copier::Unable(why) => return unable(copier, Some(why)),
        _ => {}
    }
    let info = world.components().get_info(component);
    let info = info.expect("what is in use is registered");
    let mut column = Column::new(info.layout(), info.drop(), values.len());
    for value in values {
        // SAFETY: the value is of this component, and so are copier and column.
        let copied = unsafe { copier.is_whole(value) && copier.copy(value, &mut column) };
        if !copied {
            return unable(
                copier,
                Some("reflection does not see all of it; list it in state_keys"),
            );
        }
    }
    ColumnCopy {
        component,
        copier,
        values: Some(column),
        unable: None,
    }
}
