//! Programs that show nothing, but print.

use hot_reloader_tests::recipes::{FIXED_TIMESTEP, PLUGIN_GROUP};

use crate::program::Program;

/// What is printed from now on, once it satisfies a condition.
fn printed_from_now_on(program: &Program, what: &str, condition: impl Fn(&str) -> bool) -> String {
    let so_far = program.printed("what was printed", |_| true).len();
    let all = program.printed(what, |log| log.get(so_far..).is_some_and(&condition));
    all[so_far..].to_owned()
}

/// How many lines end so.
fn count(log: &str, ending: &str) -> usize {
    log.lines().filter(|line| line.ends_with(ending)).count()
}

/// What stands after a text wherever it does, but for a line that is still being written.
fn numbers(log: &str, text: &str) -> Vec<f64> {
    let whole = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let numbers = whole.filter_map(|line| line.split_once(text)?.1.trim().parse().ok());
    numbers.collect()
}

#[test]
fn fixed_timestep() {
    let program = Program::start(&FIXED_TIMESTEP);
    const STEP: &str = "fixed timestep: ";
    program.printed("a step", |log| numbers(log, STEP).contains(&0.5));
    let log = program.printed("some more", |log| numbers(log, STEP).len() > 2);
    let passed: f64 = numbers(&log, "time since last frame_update: ").iter().sum();

    program.edit(
        "\"time since last frame_update: {}\",",
        "\"a frame has taken {}\",",
    );
    let log = program.printed("other words", |log| {
        !numbers(log, "a frame has taken ").is_empty()
    });
    // The new code's `Local` says that no time has passed so far.
    let first = numbers(&log, "a frame has taken ")[0];
    assert!(first > passed - 0.1, "the clock went on: {first}, {passed}");
    let step = |log: &str, step: f64| numbers(log, STEP).contains(&step);
    let log = printed_from_now_on(&program, "a step", |log| step(log, 0.5));
    assert!(!log.contains("time since last frame_update"));

    program.edit("from_seconds(0.5)", "from_seconds(0.25)");
    let log = printed_from_now_on(&program, "a shorter step", |log| step(log, 0.25));
    assert!(!step(&log, 0.5), "the steps are short at once");

    // Its place in the code of each frame.
    let place = "    // Default `Time` is `Time<Virtual>` here\n";
    program.break_and_mend(
        place,
        ("    panic!(\"no\");\n", "rolled_back"),
        "    info!(\"mended\");\n",
    );
    printed_from_now_on(&program, "the mended code", |log| {
        count(log, " mended") > 0 && step(log, 0.25)
    });
}

#[test]
fn plugin_group() {
    let program = Program::start(&PLUGIN_GROUP);
    program.printed("both plugins", |log| {
        count(log, " hello") > 5 && count(log, " world") > 5
    });
    program.edit("\"hello\"", "\"good morning\"");
    let log = printed_from_now_on(&program, "other words", |log| {
        count(log, " good morning") > 5 && count(log, " world") > 5
    });
    assert_eq!(count(&log, " hello"), 0);

    program.break_and_mend(
        "info!(\"world\");",
        ("panic!(\"no\");", "rolled_back"),
        "info!(\"everybody\");",
    );
    let log = printed_from_now_on(&program, "both plugins", |log| {
        count(log, " good morning") > 5 && count(log, " everybody") > 5
    });
    assert_eq!(count(&log, " world"), 0);

    // A plugin that is no longer in the group.
    program.edit("            .add(PrintWorldPlugin)\n", "");
    let log = printed_from_now_on(&program, "the other plugin", |log| {
        count(log, " good morning") > 5
    });
    assert_eq!(count(&log, " everybody"), 0);
}
