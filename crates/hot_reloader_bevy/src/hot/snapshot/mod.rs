//! The world at one moment: every entity under its id, every component and every resource.
//!
//! - [`rule`]: how values of a type are copied where somebody says so.
//! - [`policy`]: types of the engine that reflection does not copy, and what is as it is outside of
//!   the world.
//! - [`ignored`]: types of which reflection does not see all.
//! - [`copier`]: how a value is copied whose type is known to the engine only.
//! - [`column`]: values of one type, side by side.
//! - [`capture`] and [`restore`]: the two directions.
//! - [`lost`]: what could not be brought back.
//!
//! What cannot be copied is left in place, and is named if code changed it or did away with it.

mod capture;
mod column;
mod copier;
pub(in crate::hot) mod ignored;
mod lost;
mod policy;
mod restore;
mod rule;

use std::collections::{HashMap, HashSet};

use bevy::{
    ecs::{
        component::{ComponentId, ComponentInfo, Tick},
        entity::Entity,
        event::ManualEventReader,
        removal_detection::RemovedComponentEntity,
        storage::TableId,
    },
    prelude::World,
};

pub(in crate::hot) use column::{Column, Drop};
pub(in crate::hot) use copier::{move_out, whole, Copier, Copiers};
pub(crate) use rule::CopyRule;

/// The values of a world, or of some of its types, at one moment, held in memory.
pub struct Snapshot {
    /// When it was taken: what changed later has a newer tick.
    tick: Tick,
    scope: Scope,
    tables: Vec<TableCopy>,
    sparse: Vec<SparseCopy>,
    resources: Vec<ResourceCopy>,
    /// The generation of the entity at each index, for those that were alive.
    alive: Vec<Option<u32>>,
    /// What was taken away before, which is all that these have read.
    removals: HashMap<ComponentId, ManualEventReader<RemovedComponentEntity>>,
    /// Types whose change is not told though they cannot be copied.
    untold: HashSet<ComponentId>,
    copiers: Copiers,
    parts: Vec<Box<dyn policy::Part>>,
}

/// What a snapshot is of.
pub(crate) enum Scope {
    World,
    /// Some components and resources.
    Types(HashSet<ComponentId>),
}

impl Scope {
    fn contains(&self, component: ComponentId) -> bool {
        match self {
            Self::World => true,
            Self::Types(types) => types.contains(&component),
        }
    }
}

/// The entities of one table, and their components in it.
struct TableCopy {
    id: TableId,
    entities: Vec<Entity>,
    columns: Vec<ColumnCopy>,
}

impl TableCopy {
    fn has(&self, component: ComponentId) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|column| column.component == component)
    }
}

/// One component of some entities.
struct ColumnCopy {
    component: ComponentId,
    copier: Copier,
    /// A value for each entity, in their order.
    values: Option<Column>,
    /// Those of which there is no value, though there were some to copy: why.
    unable: Option<&'static str>,
}

/// A component that is not in tables.
struct SparseCopy {
    entities: Vec<Entity>,
    column: ColumnCopy,
}

/// A resource, send or not.
struct ResourceCopy {
    id: ComponentId,
    is_send: bool,
    /// `None` if there was none.
    value: Option<ColumnCopy>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("entities", &self.alive.iter().flatten().count())
            .field("resources", &self.resources.len())
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// When it was taken.
    pub(crate) fn tick(&self) -> Tick {
        self.tick
    }

    fn was_alive(&self, entity: Entity) -> bool {
        self.alive.get(entity.index() as usize) == Some(&Some(entity.generation()))
    }
}

/// How to copy a world.
#[derive(Default)]
pub(crate) struct Instructions {
    pub(crate) rules: Vec<CopyRule>,
    /// Types that new code may change by what it declares: that is told if they cannot be copied.
    pub(crate) suspects: HashSet<ComponentId>,
    /// Types that others change whatever comes of a reload: of these nobody can tell whether new code did too.
    pub(crate) of_others: HashSet<ComponentId>,
}

impl Instructions {
    /// Types whose change is not told though they cannot be copied.
    fn untold(&self, world: &World) -> HashSet<ComponentId> {
        let is_untold = |info: &&ComponentInfo| {
            let is_of_others =
                self.of_others.contains(&info.id()) || policy::is_of_engine(info.name());
            is_of_others && !self.suspects.contains(&info.id())
        };
        let untold = world.components().iter().filter(is_untold);
        untold.map(ComponentInfo::id).collect()
    }
}

/// The types among `components` that cannot be copied, and why, by name.
pub(crate) fn not_covered(
    world: &World,
    rules: &[CopyRule],
    components: impl IntoIterator<Item = ComponentId>,
) -> Vec<(String, &'static str)> {
    let copiers = Copiers::new(world, rules);
    let mut found: HashMap<String, &'static str> = HashMap::new();
    for id in components {
        let Some(info) = world.components().get_info(id) else {
            continue;
        };
        if let Copier::Unable(why) = copiers.of(info) {
            found.insert(info.name().to_owned(), why);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort();
    found
}
