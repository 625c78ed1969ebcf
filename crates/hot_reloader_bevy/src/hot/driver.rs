//! Runs the transaction: what happens in the app's frames becomes what happens to a reload.

use std::time::Instant;

use bevy::{
    app::{First, Last},
    ecs::schedule::{IntoSystemConfigs, IntoSystemSetConfigs, SystemSet},
    prelude::{App, AppExit, Events, Mut, Res, ResMut, Resource, World},
};
use hot_reloader_core::panics;
use hot_reloader_transaction::{Phase, Purpose, ReloadError, ReloadReport, Request, Transaction};

use super::{
    awake::{self, News},
    config::HotReloaderConfig,
    delegate::{self, HotSystems, ModulesPanicked},
    engine::Bevy,
    migration,
    reloader::HotReloader,
    slots::Delegates,
    trigger::{CancelReload, ReloadRequest, WorkAhead},
};

/// The transaction of the app. Taken out while it runs, so that code which it runs finds it busy.
#[derive(Resource)]
pub(crate) struct Driver(Transaction<Bevy>);

/// What a driver remembers from one frame to another.
#[derive(Resource, Default)]
pub(crate) struct Memory {
    /// The number of the reload after which the compiler had its chance to get ready.
    warm_after: u32,
    /// Whether somebody may soon ask for a reload, and nothing has been done for that yet.
    is_announced: bool,
    /// When the last frame ended, if somebody waited for a build then.
    ended: Option<Instant>,
}

/// When the reloader does what, in `Last`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HotReloadSystems {
    /// The transaction goes on by one step. Requests sent in the frame before it are seen by it.
    Step,
}

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(Driver::new())
        .init_resource::<Memory>()
        .configure_sets(Last, HotReloadSystems::Step.after(HotSystems))
        .add_systems(
            First,
            (begin.run_if(goes_on), swap.run_if(may_take_over))
                .chain()
                .before(HotSystems)
                .ambiguous_with_all(),
        )
        .add_systems(
            Last,
            (
                migration::late.run_if(migration::is_waiting),
                step.run_if(is_due),
            )
                .chain()
                .in_set(HotReloadSystems::Step)
                .ambiguous_with_all(),
        )
        .add_systems(ModulesPanicked, modules_panicked);
}

/// Reloads within a call.
impl HotReloader {
    /// Reloads some modules within this call: the frame waits for cargo. The new code is in place when
    /// it returns, and on probation in the frames to come. [`ReloadRequest`] does the same
    /// without waiting.
    ///
    /// Builds that go on in the background are ended, and what they were for is done here too.
    ///
    /// # Errors
    ///
    /// [`ReloadError::Busy`] if another reload is on probation or being put in place, or if the app has no
    /// [`HotReloaderPlugin`](super::HotReloaderPlugin). Whatever else went wrong is in the report.
    pub fn reload(world: &mut World, modules: &[&str]) -> Result<ReloadReport, ReloadError> {
        reload_now(
            world,
            ReloadRequest::modules(modules.iter().copied()).into(),
        )
    }

    /// [`reload`](Self::reload) of all modules, in dependency order, all or nothing.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub fn reload_all(world: &mut World) -> Result<ReloadReport, ReloadError> {
        reload_now(world, ReloadRequest::all().into())
    }
}

impl Driver {
    /// With a first request: loading the libraries at start is a reload like any other.
    pub(crate) fn new() -> Self {
        let mut transaction = Transaction::default();
        transaction.request(Request::new(None));
        Self(transaction)
    }
}

/// Whether there is anything to do at the end of a frame: something was asked for, goes on, or
/// panicked by itself.
fn is_due(
    driver: Res<Driver>,
    memory: Res<Memory>,
    delegates: Res<Delegates>,
    requests: Res<Events<ReloadRequest>>,
    cancels: Res<Events<CancelReload>>,
    ahead: Res<Events<WorkAhead>>,
) -> bool {
    driver.0.is_due()
        // What it came to at the start of this frame is still to be seen, and what waited for it goes on.
        || memory.ended.is_some()
        || !ahead.is_empty()
        || !requests.is_empty()
        || !cancels.is_empty()
        || delegates.have_panicked()
        || panics::is_stray_waiting()
}

/// Whether a reload goes on.
fn goes_on(driver: Res<Driver>) -> bool {
    driver.0.is_due()
}

fn begin(mut driver: ResMut<Driver>) {
    driver.0.begin_frame();
}

/// Whether new code may take over at the start of this frame.
fn may_take_over(driver: Res<Driver>) -> bool {
    driver.0.may_take_over()
}

/// The start of a frame.
fn swap(world: &mut World) {
    world.resource_mut::<Delegates>().is_frame_start = true;
    scope(world, |world, transaction| {
        transaction.swap(world);
        contain(world, transaction);
    });
    world.resource_mut::<Delegates>().is_frame_start = false;
    delegate::attach(world, true);
}

/// The end of a frame.
fn step(world: &mut World) {
    let is_quiet = scope(world, |world, transaction| {
        contain(world, transaction);
        for panic in panics::take_stray() {
            transaction.thread_panicked(world, panic);
        }
        let mut requests = world.resource_mut::<Events<ReloadRequest>>();
        for request in requests.drain().collect::<Vec<_>>() {
            transaction.request(request.into());
        }
        let mut cancels = world.resource_mut::<Events<CancelReload>>();
        if cancels.drain().count() > 0 {
            transaction.cancel(world);
        }
        let exits = world.get_resource::<Events<AppExit>>();
        if exits.is_some_and(|exits| !exits.is_empty()) {
            transaction.exit(world);
        } else {
            transaction.step(world);
            work_ahead(world, transaction);
        }
        transaction.waits_for_build()
    });
    // What ran when a call swapped does not run now.
    delegate::attach(world, true);
    // The build wakes the app itself, as soon as there is something to see that takes longer.
    if !is_quiet {
        awake::request_frame(world);
    }
    slow_down(world);
}

/// Builds and tries code that somebody may ask for, if that is wanted, as soon as there is nothing else to
/// do.
fn work_ahead(world: &mut World, transaction: &mut Transaction<Bevy>) {
    let announced = world.resource_mut::<Events<WorkAhead>>().drain().count() > 0;
    let is_wanted = world.resource::<HotReloaderConfig>().work_ahead;
    let is_loaded = !world.resource::<Delegates>().slots.is_empty();
    let last = world.resource::<HotReloader>().history.back();
    let last = last.map_or(0, |report| report.number);
    let mut memory = world.resource_mut::<Memory>();
    memory.is_announced |= announced;
    if !is_wanted || !is_loaded || transaction.is_due() {
        return;
    }
    // Each may have been built by cargo.
    if std::mem::replace(&mut memory.warm_after, last) != last {
        transaction.work_ahead(world, Purpose::WarmUp);
    } else if std::mem::take(&mut memory.is_announced) {
        transaction.work_ahead(world, Purpose::Ahead);
    }
}

/// Leaves the cores to the compiler while somebody waits for it, if that is wanted.
fn slow_down(world: &mut World) {
    let is_building = world.resource::<Driver>().0.is_building();
    let rate = world
        .resource::<HotReloaderConfig>()
        .frame_rate_while_building;
    let last = world.resource::<Memory>().ended;
    if let (Some(last), Some(rate), true) = (last, rate, is_building) {
        if let Some(news) = world.get_resource::<News>() {
            awake::slow_down(news, rate, last);
        }
    }
    world.resource_mut::<Memory>().ended = is_building.then(Instant::now);
}

/// Modules panicked just now.
fn modules_panicked(world: &mut World) {
    // If a reload is being put in place, it is dealt with when that is done.
    if world.contains_resource::<Driver>() {
        scope(world, contain);
    }
}

/// Tells the transaction which modules have panicked.
fn contain(world: &mut World, transaction: &mut Transaction<Bevy>) {
    for fault in world.resource_mut::<Delegates>().take_panics() {
        let is_on_trial = transaction.phase() == Some(Phase::Probation);
        transaction.panicked(world, &fault.module, fault.place, fault.panic);
        if is_on_trial {
            // Whatever else panicked was part of what has been taken back.
            break;
        }
    }
}

/// Does all of a reload but its probation within this call.
fn reload_now(world: &mut World, request: Request) -> Result<ReloadReport, ReloadError> {
    // Code that a reload runs, such as a module's `OnLoad`, may call this too.
    if !world.contains_resource::<Driver>() {
        return Err(ReloadError::Busy {
            phase: "being put in place",
        });
    }
    scope(world, |world, transaction| {
        let report = transaction.reload_now(world, request);
        contain(world, transaction);
        report
    })
}

/// Works with the transaction, which is not in the world meanwhile.
fn scope<R>(world: &mut World, work: impl FnOnce(&mut World, &mut Transaction<Bevy>) -> R) -> R {
    world.resource_scope(|world, mut driver: Mut<Driver>| work(world, &mut driver.0))
}
