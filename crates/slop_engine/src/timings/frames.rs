//! How long frames take, and how long input waits until it is seen.
//!
//! A frame is what the app does from its first system to its last. The app draws when there is
//! something to see, so what passes between two frames is rest and counts as nothing.

use std::time::{Duration, Instant};

use bevy::{
    app::{First, Last, MainScheduleOrder},
    ecs::schedule::{ExecutorKind, ScheduleLabel},
    prelude::{App, EventReader, IntoSystemConfigs, Res, Schedule},
    render::{ExtractSchedule, Render, RenderApp, RenderSet},
    winit::WinitEvent,
};

use super::{locked, milliseconds, FrameTimes, Times, Timings};

/// If less than this is between two frames, the app was busy all the time.
const REST: Duration = Duration::from_millis(2);

/// The frames, as they begin and end.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// When the frame that is being made began.
    began: Option<Instant>,
    /// When the one before was handed to the thread that draws.
    handed_over: Option<Instant>,
    /// When the input of the frame that is being made came, at the earliest.
    arrived: Option<Instant>,
    /// The same of the frame that is being drawn.
    drawn: Option<Instant>,
    times: Times,
    lags: Times,
}

impl Frames {
    pub(super) fn read(&self) -> FrameTimes {
        FrameTimes {
            frames: self.times.to_vec(),
            lags: self.lags.to_vec(),
        }
    }

    /// The app is given input when a frame begins. It came just now if the app was at rest before;
    /// else maybe when the frame before had just begun.
    fn begin(&mut self, now: Instant, has_input: bool) {
        let pause = self
            .handed_over
            .map(|end| now.saturating_duration_since(end));
        let was_busy = pause.is_some_and(|pause| pause < REST);
        let earliest = self.began.filter(|_| was_busy).unwrap_or(now);
        self.arrived = has_input.then_some(earliest);
        self.began = Some(now);
    }

    fn end(&mut self, now: Instant) {
        if let Some(began) = self.began {
            let time = now.saturating_duration_since(began);
            self.times.push(milliseconds(time));
        }
    }

    fn hand_over(&mut self, now: Instant) {
        self.handed_over = Some(now);
        self.drawn = self.arrived.take();
    }

    fn show(&mut self, now: Instant) {
        if let Some(arrived) = self.drawn.take() {
            let lag = now.saturating_duration_since(arrived);
            self.lags.push(milliseconds(lag));
        }
    }
}

/// Before all else in a frame.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FrameBegins;

/// After all else in a frame.
#[derive(ScheduleLabel, Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FrameEnds;

/// For an app that has [`Timings`], with all plugins that draw.
pub(crate) fn plugin(app: &mut App) {
    let timings = app.world().resource::<Timings>().clone();
    app.add_schedule(of_one_system(FrameBegins))
        .add_schedule(of_one_system(FrameEnds))
        .add_systems(FrameBegins, begin.run_if(is_on))
        .add_systems(FrameEnds, end.run_if(is_on));
    let mut order = app.world_mut().resource_mut::<MainScheduleOrder>();
    order.insert_before(First, FrameBegins);
    order.insert_after(Last, FrameEnds);
    // A world of its own, which goes on with a frame while the app is at the next.
    if let Some(drawing) = app.get_sub_app_mut(RenderApp) {
        drawing
            .insert_resource(timings)
            .add_systems(ExtractSchedule, hand_over.run_if(is_on))
            .add_systems(Render, show.run_if(is_on).in_set(RenderSet::Cleanup));
    }
}

fn of_one_system(label: impl ScheduleLabel) -> Schedule {
    let mut schedule = Schedule::new(label);
    schedule.set_executor_kind(ExecutorKind::SingleThreaded);
    schedule
}

fn is_on(timings: Res<Timings>) -> bool {
    timings.is_on()
}

fn begin(timings: Res<Timings>, mut events: EventReader<WinitEvent>) {
    // All of them, so that none is taken for one of the next frame.
    let has_input = events.read().filter(|event| is_input(event)).count() > 0;
    locked(&timings.0.frames).begin(Instant::now(), has_input);
}

fn end(timings: Res<Timings>) {
    locked(&timings.0.frames).end(Instant::now());
}

fn hand_over(timings: Res<Timings>) {
    locked(&timings.0.frames).hand_over(Instant::now());
}

fn show(timings: Res<Timings>) {
    locked(&timings.0.frames).show(Instant::now());
}

/// Whether a person did it.
fn is_input(event: &WinitEvent) -> bool {
    matches!(
        event,
        WinitEvent::KeyboardInput(_)
            | WinitEvent::Ime(_)
            | WinitEvent::CursorMoved(_)
            | WinitEvent::MouseButtonInput(_)
            | WinitEvent::MouseWheel(_)
            | WinitEvent::TouchInput(_)
    )
}

#[cfg(test)]
mod tests {
    use bevy::prelude::{CursorMoved, Entity, Vec2};

    use super::*;

    /// Frames at times that are given in milliseconds.
    struct Clock {
        start: Instant,
        frames: Frames,
    }

    impl Clock {
        fn at(&self, time: u64) -> Instant {
            self.start + Duration::from_millis(time)
        }

        /// A frame that begins, ends, and is drawn until these times.
        fn frame(&mut self, [begin, end, shown]: [u64; 3], has_input: bool) {
            let [begin, end, shown] = [begin, end, shown].map(|time| self.at(time));
            self.frames.begin(begin, has_input);
            self.frames.end(end);
            self.frames.hand_over(end);
            self.frames.show(shown);
        }

        fn read(&self) -> (Vec<u32>, Vec<u32>) {
            let FrameTimes { frames, lags } = self.frames.read();
            let rounded = |times: Vec<f32>| times.iter().map(|time| time.round() as u32).collect();
            (rounded(frames), rounded(lags))
        }
    }

    fn clock() -> Clock {
        Clock {
            start: Instant::now(),
            frames: Frames::default(),
        }
    }

    #[test]
    fn the_time_between_frames_is_in_none() {
        let mut clock = clock();
        clock.frame([0, 5, 6], false);
        clock.frame([10_000, 10_007, 10_009], false);
        assert_eq!(clock.read(), (vec![5, 7], vec![]));
    }

    #[test]
    fn input_is_late_by_its_frame_if_the_app_was_at_rest() {
        let mut clock = clock();
        clock.frame([0, 5, 6], true);
        clock.frame([100, 110, 125], true);
        clock.frame([200, 210, 225], false);
        assert_eq!(clock.read().1, [6, 25]);
    }

    #[test]
    fn input_of_a_busy_app_may_have_come_when_the_frame_before_began() {
        let mut clock = clock();
        clock.frame([0, 50, 60], false);
        clock.frame([51, 71, 81], true);
        assert_eq!(clock.read().1, [81]);
    }

    #[test]
    fn a_frame_is_drawn_while_the_next_is_made() {
        let mut clock = clock();
        let [zero, ten, late] = [0, 10, 15].map(|time| clock.at(time));
        clock.frames.begin(zero, true);
        clock.frames.hand_over(ten);
        clock.frames.begin(ten, false);
        clock.frames.show(late);
        assert_eq!(clock.read().1, [15]);
    }

    #[test]
    fn frames_are_timed_while_it_is_on() {
        let mut app = App::new();
        app.init_resource::<Timings>().add_event::<WinitEvent>();
        plugin(&mut app);
        let timings = app.world().resource::<Timings>().clone();
        app.update();
        assert_eq!(timings.frames(), FrameTimes::default());
        timings.set_on(true);
        let input = CursorMoved {
            window: Entity::PLACEHOLDER,
            position: Vec2::ZERO,
            delta: None,
        };
        app.world_mut().send_event(WinitEvent::CursorMoved(input));
        app.update();
        app.update();
        assert_eq!(timings.frames().frames.len(), 2);
        // Nothing is drawn here, so nothing was seen.
        assert!(timings.frames().lags.is_empty());
        timings.set_on(false);
        assert_eq!(timings.frames(), FrameTimes::default());
    }
}
