//! The search, in one discussion and in all of them.

use slop_ui::discussion_hub::everywhere_field;

use super::{super::everywhere::excerpt, *};

#[test]
fn the_search_filters_and_counts() {
    let mut bench = Bench::new(["Apple pie", "banana", "APPLE tart"]);
    bench.focus(search_field());
    bench.write("apple");
    assert_eq!(bench.hub.search, "apple");
    assert_eq!(bench.find("2 hits").len(), 1);
    assert_eq!(bench.find("pie").len(), 1);
    assert_eq!(bench.find("tart").len(), 1);
    assert!(bench.find("banana").is_empty());
    bench.hub.search = "cherry".to_owned();
    assert_eq!(bench.find("No hits").len(), 1);
    assert!(bench.find("pie").is_empty());
}

#[test]
fn an_edit_that_keeps_the_length_is_searched_too() {
    let mut bench = Bench::many(500);
    let entries = &mut bench.discussions.list[0].entries;
    let mut search = Search::default();
    assert!(search.find(entries.iter(), "WORDS").is_empty());
    let length = entries[400].text.len();
    entries[400].text = format!("{:length$}", "words");
    assert_eq!(entries[400].text.len(), length);
    assert!((0..10).any(|_| search.find(entries.iter(), "WORDS") == [400_usize]));
}

#[test]
fn what_is_searched_for_everywhere_is_listed_and_shown() {
    let mut bench = Bench::many(300);
    let main = &mut bench.discussions.list[0];
    "the needle is here".clone_into(&mut main.entries[17].text);
    let other = Entry {
        id: 999,
        role: "AI".to_owned(),
        text: "a pin\nanother Needle".to_owned(),
        ..Entry::default()
    };
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        entries: vec![other],
        ..Discussion::default()
    });
    assert!(!bench.sees("entry 18."));
    bench.focus(everywhere_field());
    bench.write("needle");
    assert_eq!(bench.hub.everywhere, "needle");
    assert_eq!(bench.hub.search, "");
    assert_eq!(bench.find("2 hits").len(), 1);
    assert_eq!(bench.find("Second: AI\nanother Needle").len(), 1);

    // In the discussion that is shown.
    bench.hub.search = "something else".to_owned();
    let shown = bench.click_first("the needle is here");
    assert_eq!(shown, [Action::ShowEntry(FIRST + 17)]);
    assert_eq!(bench.hub.search, "");
    assert!(bench.sees("entry 18."));
    assert!(!bench.sees("entry 299."));

    // In another one, which is shown in the next frame.
    let shown = bench.click_first("another Needle");
    assert_eq!(shown, [Action::ShowEntry(999)]);
    assert_eq!(bench.hub.jump, Some(999));
    bench.discussions.active = 2;
    assert_eq!(bench.find("another Needle").len(), 2);
    assert_eq!(bench.hub.jump, None);

    // The hits make room for the name.
    assert_eq!(bench.click_first("✏"), []);
    assert_eq!(bench.hub.everywhere, "");
}

#[test]
fn names_of_discussions_are_found_everywhere() {
    let mut bench = Bench::new(["hello"]);
    bench.discussions.list.push(Discussion {
        id: 2,
        name: "Second".to_owned(),
        ..Discussion::default()
    });
    bench.hub.everywhere = " SECO ".to_owned();
    assert_eq!(bench.find("No entry contains it.").len(), 1);
    let shown = bench.click_first("Second");
    assert_eq!(shown, [Action::SelectDiscussion(2)]);
    bench.hub.everywhere = "third".to_owned();
    assert_eq!(bench.find("No hits").len(), 1);
    assert!(bench.find("Second").is_empty());
}

#[test]
fn takes_that_are_not_shown_are_found_everywhere() {
    let mut bench = Bench::new(["needle"]);
    let new = Entry {
        id: 20,
        ..Entry::default()
    };
    assert!(bench.discussions.list[0].retake(FIRST, new));
    bench.hub.everywhere = "NEEDLE".to_owned();
    let hit = "Main: User, another take\nneedle";
    assert_eq!(bench.click_first(hit), [Action::ShowEntry(FIRST)]);
}

#[test]
fn an_excerpt_has_the_hit_in_it() {
    assert_eq!(excerpt("one\n  Two three  \nfour", "two"), "Two three");
    assert_eq!(excerpt("one", "gone"), "one");
    assert_eq!(excerpt("", "gone"), "");
    let long = format!("{}HIT{}", "a".repeat(100), "b".repeat(100));
    let expected = format!("…{}HIT{}…", "a".repeat(24), "b".repeat(63));
    assert_eq!(excerpt(&long, "hit"), expected);
    let longer_in_lower_case = format!("{}Ärger", "İ".repeat(100));
    assert!(excerpt(&longer_in_lower_case, "ärger").ends_with("İÄrger"));
}
