//! What becomes of each type in the world that new code would not find again.

use std::{
    alloc::Layout as MemoryLayout,
    any::TypeId,
    collections::{HashMap, HashSet},
    iter,
    sync::Arc,
};

use bevy::{
    ecs::component::{ComponentId, ComponentInfo, Tick},
    prelude::{AppTypeRegistry, Schedule, Schedules, World},
    reflect::{ReflectFromPtr, ReflectFromReflect, TypeRegistry},
};
use hot_reloader_build::{layout::Known, Layout};
use hot_reloader_core::{shape::ShapeChange, TypeFault, TypeShape};
use hot_reloader_transaction::{Passage, Plan};

use super::{
    adapt::perhaps_renamed,
    convert::{Conversion, Reflection},
    left::LeftBehind,
    Crossing, Holder, Way,
};
use crate::hot::{
    definition::definition,
    keys::StateKey,
    names,
    rehearsal::{Incoming, Rehearsal},
    slots::{Delegates, Slot},
    snapshot::{ignored, Copier, Copiers},
};

/// How each type that new code would not find again goes over to it.
///
/// # Errors
///
/// The types that cannot.
pub(crate) fn decide(
    world: &World,
    rehearsal: &Rehearsal,
    incoming: &HashMap<TypeId, Incoming>,
    plan: &Plan,
) -> Result<Vec<Crossing>, Vec<TypeFault>> {
    let decision = Decision {
        world,
        rehearsal,
        incoming,
        plan,
        slots: &world.resource::<Delegates>().slots,
        copiers: Copiers::new(world, &rehearsal.rules(world)),
    };
    let mut crossings = Vec::new();
    let mut faults = Vec::new();
    let mut queues = Vec::new();
    let left = world.resource::<LeftBehind>();
    let known = world.components().iter();
    for info in known.filter(|info| !left.is_abandoned(info.id())) {
        if decision.is_other_queue(info) {
            queues.push((info.id(), info.name().to_owned()));
        }
        let Some((id, old)) = decision.is_of_another_build(info) else {
            continue;
        };
        for holder in holders(world, info.id()) {
            match decision.of(id, &old, info, holder) {
                Ok(None) => {}
                Ok(Some(crossing)) => crossings.push(crossing),
                Err(fault) => faults.push(fault),
            }
        }
    }
    faults.extend(used_elsewhere(&decision, &mut crossings, &queues));
    if faults.is_empty() {
        Ok(crossings)
    } else {
        faults.sort_by(|a, b| a.name.cmp(&b.name));
        Err(faults)
    }
}

/// Where there are values of a component or resource.
fn holders(world: &World, id: ComponentId) -> Vec<Holder> {
    let storages = world.storages();
    let send = storages.resources.get(id);
    let non_send = storages.non_send_resources.get(id);
    let mut archetypes = world.archetypes().iter();
    let has_entities = archetypes.any(|archetype| !archetype.is_empty() && archetype.contains(id));
    let found = [
        (has_entities, Holder::Entities),
        (
            send.is_some_and(|data| data.is_present()),
            Holder::Resource { is_send: true },
        ),
        (
            non_send.is_some_and(|data| data.is_present()),
            Holder::Resource { is_send: false },
        ),
    ];
    let found = found.into_iter().filter(|(is_there, _)| *is_there);
    found.map(|(_, holder)| holder).collect()
}

/// Whether it holds code, or what goes by itself: it stays with the code of before, and that is right.
fn stays(name: &str) -> bool {
    let stays = [
        "bevy_ecs::observer::",
        "bevy_ecs::system::system_registry::",
        "bevy_ecs::event::Events<",
    ];
    stays.iter().any(|start| name.starts_with(start))
}

struct Decision<'a> {
    world: &'a World,
    rehearsal: &'a Rehearsal,
    /// The types that new code uses.
    incoming: &'a HashMap<TypeId, Incoming>,
    plan: &'a Plan,
    slots: &'a [Slot],
    copiers: Copiers,
}

impl Decision<'_> {
    /// Its id, and what the sources said of it, if new code does not use it under that id. Few are, so this
    /// is asked before anything that takes longer.
    fn is_of_another_build(&self, info: &ComponentInfo) -> Option<(TypeId, Arc<Layout>)> {
        let (id, name) = (info.type_id()?, info.name());
        if self.incoming.contains_key(&id) || stays(name) {
            return None;
        }
        Some((id, self.layout_of(id, name)?))
    }

    /// Whether new code sends such events by another queue.
    fn is_other_queue(&self, info: &ComponentInfo) -> bool {
        let name = info.name();
        let is_queue = name.starts_with("bevy_ecs::event::Events<");
        let id = info
            .type_id()
            .filter(|id| is_queue && !self.incoming.contains_key(id));
        let old = id.and_then(|id| self.layout_of(id, name));
        old.is_some_and(|old| self.layout_for(name).tells_apart(&old, name))
    }

    /// What the sources say of a type by which it goes on: those of what was made, unless only a module that
    /// goes on has all of its crates.
    fn layout_for(&self, name: &str) -> &Layout {
        let others = self.slots.iter();
        let others = others.filter(|slot| !self.plan.replaces(&slot.module.name));
        let made = iter::once(&self.plan.layout);
        let layouts = made.chain(others.map(|slot| &slot.layout));
        Layout::that_knows(layouts, name).unwrap_or(&self.plan.layout)
    }

    /// `None` if new code finds the values where they are.
    fn of(
        &self,
        id: TypeId,
        old: &Arc<Layout>,
        info: &ComponentInfo,
        holder: Holder,
    ) -> Result<Option<Crossing>, TypeFault> {
        let name = info.name();
        let new = self.layout_for(name);
        let now = new.renamed(name);
        let found = self.incoming.values().find(|to| to.name == now);
        let scoped = found.is_none().then(|| self.scoped(&now)).flatten();
        let to = found.or(scoped.as_ref());
        if to.is_none() && !new.tells_apart(old, name) {
            return Ok(None);
        }
        let known = to.is_none().then(|| self.known(&now, new)).flatten();
        let to = to.or(known.as_ref());
        let was = old.of(name);
        if was == Known::Gone && to.is_none() {
            // The sources never knew it, and new code does not either.
            return Ok(None);
        }
        let is = match new.lacks(old, &now) {
            true => Known::Gone,
            false => new.of(&now),
        };
        let (way, fault) = self.way(&Met {
            id,
            info,
            holder,
            old,
            new,
            now: &now,
            was,
            is,
            to,
        })?;
        Ok(Some(Crossing {
            old: info.id(),
            holder,
            names: [name.to_owned(), now.clone()],
            way,
            fault,
        }))
    }

    /// The way by which a type goes over, and the fault if that fails.
    fn way(&self, met: &Met<'_>) -> Result<(Way, TypeFault), TypeFault> {
        let Met {
            id, info, holder, ..
        } = *met;
        let name = info.name();
        let plain = fault(met.now, String::new());
        if let Some(asset) = names::asset_of(name).filter(|_| !met.new.discards(name)) {
            return Err(fault(name, assets_stay(asset)));
        }
        if self.is_gone(met) {
            if !self.plan.layout.discards(name) {
                return Err(fault(name, gone(name, met.old, &self.plan.layout)));
            }
            let comes_back = self.as_it_is(info, holder).is_ok();
            let way = if comes_back {
                Way::Discard
            } else {
                Way::DiscardUnseen
            };
            return Ok((way, plain));
        }
        if met.was != met.is && names::is_next_state(name) {
            let way = if self.waits(info) {
                Way::Discard
            } else {
                Way::Anew
            };
            return Ok((way, plain));
        }
        let is_made =
            |to: &Incoming| self.is_as_made(id, info, holder) && self.makes(to.id, holder);
        if met.to.is_some_and(is_made) {
            return Ok((Way::Anew, plain));
        }
        self.way_of_values(met)
    }

    /// Whether a type that the sources knew is none any more. Macros may have made one of its name, which counts if new
    /// code was seen to use it.
    fn is_gone(&self, met: &Met<'_>) -> bool {
        match met.is {
            Known::As(_) => false,
            Known::Gone => met.was != Known::Gone,
            Known::Unnamed(_) => {
                let discards = || self.plan.layout.discards(met.info.name());
                let is_let_go = || met.was != Known::Gone && discards();
                let is_other = met.to.is_none() && met.was != met.is;
                is_other && (matches!(met.was, Known::As(_)) || is_let_go())
            }
        }
    }

    /// The way by which values go over, as they are or as others.
    fn way_of_values(&self, met: &Met<'_>) -> Result<(Way, TypeFault), TypeFault> {
        let Met {
            id,
            info,
            old,
            new,
            to,
            ..
        } = *met;
        let is_same_size = to.is_none_or(|to| to.layout == info.layout());
        if met.was == met.is && met.was != Known::Gone && is_same_size {
            let over = Way::Over {
                passage: Passage::Moved,
                conversion: self.as_it_is(info, met.holder)?,
                to: to.cloned(),
            };
            return Ok((over, fault(met.now, String::new())));
        }
        let Some(to) = to else {
            let reason = "nothing that could be looked at in the new code uses it; \
                          list it in `state_keys`, or `register_type` it and use it in a query";
            return Err(fault(met.now, reason.to_owned()));
        };
        let changed = Changed {
            id,
            info,
            to,
            old,
            new,
        };
        let over = Way::Over {
            passage: Passage::Migrated,
            conversion: self.migrated(&changed)?,
            to: Some(to.clone()),
        };
        Ok((over, self.changed(&changed, String::new())))
    }

    /// What the new code scopes entities to a state by. Only its transitions use that, and they are not looked at
    /// before they are put in place; but it is laid out as the state.
    fn scoped(&self, name: &str) -> Option<Incoming> {
        let state = names::scope_of(name)?;
        let mut known = self.incoming.values();
        let like = known.find(|of| names::state_of(&of.name) == Some(state))?;
        Some(Incoming {
            name: name.to_owned(),
            ..like.clone()
        })
    }

    /// A type of this name that the world has known since before, if it is the new code's: an edit was undone. So
    /// nothing need be seen to use it.
    fn known(&self, name: &str, new: &Layout) -> Option<Incoming> {
        let mut known = self.world.components().iter();
        let info = known.find(|info| {
            let id = info.type_id().filter(|_| info.name() == name);
            let came_with = id.and_then(|id| self.layout_of(id, name));
            came_with.is_some_and(|layout| !new.tells_apart(&layout, name))
        })?;
        Incoming::of(info)
    }

    /// Whether a request for a state has come since the last transitions were made.
    fn waits(&self, info: &ComponentInfo) -> bool {
        let made = self.world.resource::<Delegates>().transitioned;
        let now = self.world.read_change_tick();
        let changed = self.changed_at(info, Holder::Resource { is_send: true });
        changed.is_some_and(|changed| changed.is_newer_than(made, now))
    }

    /// Whether a resource is still what the build of the code before made, as far as can be seen.
    fn is_as_made(&self, id: TypeId, info: &ComponentInfo, holder: Holder) -> bool {
        let Holder::Resource { is_send } = holder else {
            return false;
        };
        let made = self.world.resource::<Delegates>().made.get(&(id, is_send));
        let live = self.world.storages().resources.get(info.id());
        let live = live.and_then(|data| data.get_data()).filter(|_| is_send);
        let changed = self.changed_at(info, holder);
        let (Some(made), Some(live), Some(changed)) = (made, live, changed) else {
            return false;
        };
        !names::goes_on(info.name()) && made.is_still(live, changed, id, &self.copiers)
    }

    /// Whether the build of new code makes the resource.
    fn makes(&self, id: TypeId, holder: Holder) -> bool {
        let Holder::Resource { is_send } = holder else {
            return false;
        };
        self.rehearsal.made.contains_key(&(id, is_send))
    }

    fn changed_at(&self, info: &ComponentInfo, holder: Holder) -> Option<Tick> {
        let storages = self.world.storages();
        let ticks = if holder == (Holder::Resource { is_send: true }) {
            storages.resources.get(info.id())?.get_ticks()
        } else {
            storages.non_send_resources.get(info.id())?.get_ticks()
        };
        Some(ticks?.last_changed_tick())
    }

    /// What the sources said of a type that is in the world, if it is of a crate that may change.
    fn layout_of(&self, id: TypeId, name: &str) -> Option<Arc<Layout>> {
        let origin = self.world.resource::<Delegates>().origins.get(&id);
        let running = self.slots.iter().map(|slot| &slot.layout);
        origin
            .or_else(|| Layout::that_knows(running, name))
            .cloned()
    }

    fn as_it_is(&self, info: &ComponentInfo, holder: Holder) -> Result<Conversion, TypeFault> {
        let is_send = holder != Holder::Resource { is_send: false };
        let copier = match self.copiers.of(info) {
            Copier::IfMissing(clone) => Copier::Clone(clone),
            Copier::Leave if info.drop().is_none() => Copier::Bytes,
            Copier::Leave => Copier::Unable("it is exempt from rollback"),
            copier => copier,
        };
        let copier = match copier {
            Copier::Bytes => Copier::Bytes,
            _ if !is_send => Copier::Unable("it is bound to its thread"),
            copier => copier,
        };
        if let Copier::Unable(why) = copier {
            let reason = format!(
                "it is what it was, but its crate is another one, and its values cannot be carried over: \
                 {why}. Derive `Reflect` and `register_type` it, or derive `Clone` and list it in `state_keys`"
            );
            return Err(fault(info.name(), reason));
        }
        Ok(Conversion::AsItIs(copier))
    }

    fn migrated(&self, changed: &Changed<'_>) -> Result<Conversion, TypeFault> {
        let [was, is] = [self.old_key(changed.id), self.new_key(changed.to.id)];
        let abilities = is.map(|key| key.abilities);
        let reflection = self.reflection(changed);
        if let Some(function) = abilities.and_then(|abilities| abilities.migrate) {
            let pointer = self.old_pointer(changed.id);
            let pointer = pointer.ok_or_else(|| {
                let reason = "what it was did not derive Reflect, so `migrate` cannot look at it";
                self.changed(changed, reason.to_owned())
            })?;
            return Ok(Conversion::Function(pointer, function));
        }
        let save = was.and_then(|key| Some(key.abilities.written?.save));
        let load = abilities.and_then(|abilities| Some(abilities.written?.load));
        let mut slots = self.slots.iter();
        let leaves_out = slots.any(|slot| slot.layout.skips_fields(changed.info.name()));
        if let Some((save, load)) = save.zip(load).filter(|_| !leaves_out) {
            // Serde would leave out what it finds no field for, and take a default.
            let change = self.changed(changed, String::new()).change;
            let renamed = change.iter().flat_map(ShapeChange::perhaps_renamed);
            let mut renamed = renamed.filter(|(old, _)| {
                let field = old.rsplit('.').next().unwrap_or(old);
                !changed.new.reads_as(field)
            });
            if let Some((old, new)) = renamed.next() {
                return Err(self.changed(changed, perhaps_renamed(old, new)));
            }
            return Ok(Conversion::Written(save, load, reflection));
        }
        if let Some(reflection) = reflection {
            return Ok(Conversion::Reflected(reflection));
        }
        if let Some(numbers) = self.numbers(changed) {
            return Ok(Conversion::Variants(numbers));
        }
        let reason = if leaves_out && save.is_some() {
            "serde leaves out a field of it or of what it consists of (`#[serde(skip)]`), whose value would be lost, \
             and reflection does not see it: undo the change, derive `Reflect` and reload, then make it again; or \
             restart the app"
        } else {
            "its values can be made new ones by nothing: derive `Reflect`, or `Serialize` and `Deserialize`, and \
             list it in `state_keys`; or undo the change, or restart the app"
        };
        Err(self.changed(changed, reason.to_owned()))
    }

    fn old_key(&self, id: TypeId) -> Option<&StateKey> {
        let mut keys = self.slots.iter().flat_map(|slot| &slot.state_keys);
        keys.find(|key| key.type_id == id)
    }

    fn new_key(&self, id: TypeId) -> Option<&StateKey> {
        let mut keys = self.rehearsal.state_keys.iter();
        keys.find(|key| key.type_id == id)
    }

    fn old_pointer(&self, id: TypeId) -> Option<ReflectFromPtr> {
        let (pointer, _) = self.seen_before(id)?;
        Some(pointer)
    }

    /// How reflection looks at a type of before, and whether it ignores what may be in it.
    fn seen_before(&self, id: TypeId) -> Option<(ReflectFromPtr, bool)> {
        let mut of_slots = self.slots.iter().map(|slot| &slot.registry);
        let seen = |registry: &TypeRegistry| {
            let pointer = registry.get_type_data::<ReflectFromPtr>(id).cloned()?;
            Some((pointer, ignored::is_in(registry, id)))
        };
        let found = of_slots.find_map(|registry| seen(registry));
        found.or_else(|| {
            let registry = self.world.get_resource::<AppTypeRegistry>()?;
            seen(&registry.read())
        })
    }

    /// If reflection sees both, or what is in them if that is all.
    fn reflection(&self, changed: &Changed<'_>) -> Option<Reflection> {
        let whole = self.reflected(changed.id, changed.to.id);
        whole.or_else(|| {
            let (old, new) = self.states_in(changed)?;
            self.reflected(old, new)
        })
    }

    fn states_in(&self, changed: &Changed<'_>) -> Option<(TypeId, TypeId)> {
        let was = names::state_in(changed.info.name())?;
        let now = names::state_in(&changed.to.name)?;
        let mut shapes = self.slots.iter().flat_map(|slot| &slot.shapes);
        let (old, shape) = shapes.find(|(_, shape)| shape.path == was)?;
        let is_alone = shape.size == changed.info.layout().size();
        let mut types = self.rehearsal.types.iter();
        let (new, shape) = types.find(|(_, shape)| shape.path == now)?;
        let is_alone = is_alone && shape.size == changed.to.layout.size();
        is_alone.then_some((*old, *new))
    }

    fn reflected(&self, old: TypeId, new: TypeId) -> Option<Reflection> {
        let registry = &self.rehearsal.registry;
        registry.get_type_data::<ReflectFromReflect>(new)?;
        let (pointer, ignores) = self.seen_before(old)?;
        let defaults = self.rehearsal.state_keys.iter();
        let defaults = defaults.filter_map(|key| Some((key.type_id, key.abilities.default?)));
        Some(Reflection {
            pointer,
            ignores,
            to: new,
            registry: registry.clone(),
            defaults: defaults.collect(),
        })
    }

    /// Of an enum without fields, or what is a state of one: what each variant's number has become.
    fn numbers(&self, changed: &Changed<'_>) -> Option<Vec<(i64, i64)>> {
        let [was, is] = [changed.info.name(), &changed.to.name];
        let was = changed.old.variants(names::state_in(was).unwrap_or(was))?;
        let is = changed.new.variants(names::state_in(is).unwrap_or(is))?;
        // One of a single variant has no number.
        if [was, is].iter().any(|variants| variants.len() < 2) {
            return None;
        }
        let new_number = |name: &String| {
            let found = is.iter().find(|(other, _)| other == name);
            found.map(|(_, number)| *number)
        };
        let numbers = was.iter();
        let numbers = numbers.filter_map(|(name, number)| Some((*number, new_number(name)?)));
        Some(numbers.collect())
    }

    fn changed(&self, changed: &Changed<'_>, reason: String) -> TypeFault {
        let shape = |name: &str, layout: MemoryLayout, definition| TypeShape {
            path: name.to_owned(),
            size: layout.size(),
            align: layout.align(),
            definition,
        };
        let mut of_slots = self.slots.iter().map(|slot| &slot.registry);
        let was = of_slots.find_map(|registry| definition(registry, changed.id));
        let now = definition(&self.rehearsal.registry, changed.to.id);
        let name = changed.info.name();
        TypeFault {
            name: name.to_owned(),
            reason,
            entity: None,
            skeleton: now.as_deref().map(|now| skeleton(&changed.to.name, now)),
            change: Some(ShapeChange {
                was: shape(name, changed.info.layout(), was),
                now: shape(&changed.to.name, changed.to.layout, now),
            }),
        }
    }
}

fn gone(name: &str, old: &Layout, new: &Layout) -> String {
    let guess = new.successor(name, old);
    let guess = guess.map_or_else(String::new, |guess| format!("Is it {guess} now? "));
    format!(
        "it is gone, and there are values of it. {guess}Put `#[state(was = \"{name}\")]` on the type \
         that it has become, or `#[state(discard = \"{name}\")]` on any item to let them go"
    )
}

/// The engine knows assets, their loader and their handles by the type that was registered first.
fn assets_stay(asset: &str) -> String {
    format!(
        "assets of this type, their loader and their handles stay with the code of the first load: undo the change, \
         restart the app, or put {asset} and its loader into a crate that the app shares"
    )
}

/// A type in the world that new code may not find again.
struct Met<'a> {
    id: TypeId,
    info: &'a ComponentInfo,
    holder: Holder,
    old: &'a Layout,
    new: &'a Layout,
    /// The name that new code has for it.
    now: &'a str,
    /// What the sources said of it.
    was: Known,
    /// What they say now.
    is: Known,
    /// What new code uses in its place.
    to: Option<&'a Incoming>,
}

/// A type that is not what it was.
struct Changed<'a> {
    id: TypeId,
    info: &'a ComponentInfo,
    to: &'a Incoming,
    old: &'a Layout,
    new: &'a Layout,
}

fn fault(name: &str, reason: String) -> TypeFault {
    TypeFault {
        name: name.to_owned(),
        reason,
        entity: None,
        change: None,
        skeleton: None,
    }
}

/// A migration to begin with, for a type whose definition has a line for each field.
fn skeleton(path: &str, definition: &str) -> String {
    let name = path.rsplit("::").next().unwrap_or(path);
    let fields = definition.lines().filter_map(|line| line.split_once(": "));
    // Those of fields follow them.
    let own = fields.filter(|(field, _)| !field.contains('.') && *field != "[]");
    let own: Vec<_> = own
        .filter(|(field, _)| field.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .map(|(field, of)| {
            format!(
                "        {field}: was.path::<{of}>(\"{field}\").cloned().map_err(|error| error.to_string())?,"
            )
        })
        .collect();
    format!(
        "#[state(migrate = migrate)] // on {name}\n\
         fn migrate(was: &dyn Reflect, world: &World) -> Result<{name}, String> {{\n    \
             Ok({name} {{\n{}\n    }})\n}}",
        own.join("\n")
    )
}

/// Leaves alone what only modules use that are not reloaded, and finds what both they and new code use, or
/// the app itself: these would go on with what it was. So the modules would with the `queues` of events.
fn used_elsewhere(
    decision: &Decision<'_>,
    crossings: &mut Vec<Crossing>,
    queues: &[(ComponentId, String)],
) -> Vec<TypeFault> {
    if crossings.is_empty() && queues.is_empty() {
        // As with nearly every reload.
        return Vec::new();
    }
    let mut users: HashMap<ComponentId, String> = HashMap::new();
    let slots = decision.slots.iter();
    for slot in slots.filter(|slot| !decision.plan.replaces(&slot.module.name)) {
        let user = format!(
            "module `{}` uses it too and is not reloaded; reload all modules",
            slot.module.name
        );
        let schedules = slot.schedules.values().flatten();
        for id in schedules.flat_map(used) {
            users.insert(id, user.clone());
        }
    }
    let is_seen = |to: &Incoming| decision.incoming.contains_key(&to.id);
    let is_unseen = |crossing: &Crossing| match &crossing.way {
        Way::Over { to, .. } => !to.as_ref().is_some_and(is_seen),
        Way::Discard | Way::DiscardUnseen | Way::Anew => false,
    };
    crossings.retain(|crossing| !(is_unseen(crossing) && users.contains_key(&crossing.old)));
    let split = |users: &HashMap<ComponentId, String>, id, name: &str| {
        let user = users.get(&id)?;
        Some(fault(name, user.clone()))
    };
    let of_queues = queues.iter();
    let of_queues = of_queues.filter_map(|(id, name)| split(&users, *id, name));
    let mut faults: Vec<TypeFault> = of_queues.collect();
    let host = decision.world.get_resource::<Schedules>();
    for id in host
        .into_iter()
        .flat_map(Schedules::iter)
        .flat_map(|(_, s)| used(s))
    {
        let user = "the app itself uses it, and would go on with what it was; restart the app";
        users.insert(id, user.to_owned());
    }
    let of_values = crossings.iter();
    faults.extend(of_values.filter_map(|of| split(&users, of.old, &of.names[0])));
    faults
}

/// The components and resources that systems name.
fn used(schedule: &Schedule) -> HashSet<ComponentId> {
    let systems = schedule.systems().into_iter().flatten();
    let used = systems.flat_map(|(_, system)| {
        let access = system.component_access();
        access
            .reads_and_writes()
            .chain(access.archetypal())
            .collect::<Vec<_>>()
    });
    used.collect()
}
