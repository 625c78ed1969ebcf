//! What becomes of values when their types are edited: the rows of the table in `docs/edits.md`, with the
//! real compiler. A row's name is that of its test.

use std::{collections::BTreeSet, fs};

use hot_reloader_tests::{lab, Row};
use serde_json::{json, Value};

/// Notes in each frame what there is of `T`, which is a resource.
const SHOW: &str = "
fn show<T: Resource + std::fmt::Debug>(mut probe: ResMut<Probe>, value: Res<T>) {
    note(&mut probe, format!(\"{:?}\", *value));
}
fn show_all<T: Component + std::fmt::Debug>(mut probe: ResMut<Probe>, values: Query<(Entity, &T)>) {
    let mut values: Vec<_> = values.iter().collect();
    values.sort_by_key(|(entity, _)| *entity);
    note(&mut probe, format!(\"{values:?}\"));
}
";

/// A library that has a resource of the type `Value`, which `items` define.
fn resource(name: &str, keys: &str, made: &str, items: &str) -> Row {
    let setup = format!(
        "app.add_systems(Startup, |mut c: Commands| c.insert_resource({made}))\
         .add_systems(Update, show::<Value>.run_if(resource_exists::<Value>));"
    );
    let mut row = Row::start(
        &format!("edit_{name}"),
        keys,
        &setup,
        &format!("{items}{SHOW}"),
    );
    row.host.frames(2);
    row
}

/// Edits the library as version 2, and compares how the reload ended.
#[track_caller]
fn edited(row: &mut Row, outcome: &str, edits: &[(&str, &str)]) -> Value {
    let version = [("VERSION: u32 = 1", "VERSION: u32 = 2")];
    let edits: Vec<_> = version.iter().chain(edits).copied().collect();
    let report = row.edited(&edits);
    assert_eq!(report["outcome"], outcome, "{report:#}");
    row.host.frames(2);
    report
}

/// What was noted last by a version.
#[track_caller]
fn last(row: &mut Row, version: u32) -> String {
    let notes = row.notes(version);
    notes.last().expect("it has run").clone()
}

/// What became of the values of a type, and what was said of that.
#[track_caller]
fn passage(report: &Value, name: &str) -> (String, Vec<String>) {
    let types = report["types"].as_array().unwrap();
    let of = types
        .iter()
        .find(|of| of["name"].as_str().unwrap().contains(name));
    let of = of.unwrap_or_else(|| panic!("nothing of {name}: {report:#}"));
    let notes = of["notes"].as_array().unwrap().iter();
    let notes = notes.map(|note| note.as_str().unwrap().to_owned());
    (of["passage"].as_str().unwrap().to_owned(), notes.collect())
}

/// Refused, with the world as it was and the old code at work.
#[track_caller]
fn refused(row: &mut Row, says: &[&str], edits: &[(&str, &str)]) {
    let before = last(row, 1);
    let report = edited(row, "refused", edits);
    assert_eq!(report["error"]["kind"], "types_changed", "{report:#}");
    let text = report["error"]["text"].as_str().unwrap();
    for says in says {
        assert!(text.contains(says), "{text}");
    }
    assert_eq!(last(row, 1), before);
    assert_eq!(row.notes(2), [""; 0]);
}

macro_rules! table {
    ($(fn $name:ident() $body:block)*) => {
        $(#[test] fn $name() $body)*
        const TABLE: &[&str] = &[$(stringify!($name)),*];
    };
}

const REFLECTED: &str = "#[derive(Resource, Reflect, Clone, Debug, Default)] ";

table! {
    fn body() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}");
        let mut row = resource("body", "Value", "Value { x: 7 }", &items);
        let report = edited(&mut row, "committed", &[("\"{:?}\", *value", "\"{:?}!\", *value")]);
        assert_eq!(report["types"], json!([]));
        assert_eq!(last(&mut row, 2), "Value { x: 7 }!");
    }

    fn field_more() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}");
        let mut row = resource("field_more", "Value", "Value { x: 7, ..default() }", &items);
        let report = edited(&mut row, "committed", &[("x: u64", "x: u64, y: f32")]);
        assert_eq!(last(&mut row, 2), "Value { x: 7, y: 0.0 }");
        let expected = ("migrated".to_owned(), vec!["`y` is new: 0.0".to_owned()]);
        assert_eq!(passage(&report, "::Value"), expected);
        // The next edit of a body is like any other.
        let report = row.edited(&[("\"{:?}\", *value", "\"{:?}!\", *value")]);
        assert_eq!((&report["types"], &report["outcome"]), (&json!([]), &json!("committed")));
    }

    fn field_more_with_serde() {
        let items = "#[derive(Resource, Serialize, Deserialize, Clone, Debug)] struct Value { x: u64 }";
        let mut row = resource("serde", "Value", "Value { x: 7, ..made() }", &format!("{items}
            fn made() -> Value {{ Value {{ x: 1 }} }}"));
        let report = edited(&mut row, "committed", &[
            ("struct Value { x: u64 }", "struct Value { #[serde(alias = \"x\")] z: u32, #[serde(default)] y: u8 }"),
            ("Value { x: 1 }", "Value { z: 1, y: 2 }"),
            ("Value { x: 7, ..made() }", "made()"),
        ]);
        assert_eq!(last(&mut row, 2), "Value { z: 7, y: 0 }");
        assert_eq!(passage(&report, "::Value").0, "migrated");
    }

    fn field_gone_and_back() {
        let items = format!("{REFLECTED}struct Value {{ x: u64, y: u8 }}");
        let made = "Value { x: 7, ..made() }";
        let items = format!("{items} fn made() -> Value {{ Value {{ x: 0, y: 5 }} }}");
        let mut row = resource("gone", "Value", made, &items);
        let report = edited(&mut row, "committed", &[("x: u64, y: u8", "x: u64"), ("x: 0, y: 5", "x: 0")]);
        let expected = ("migrated".to_owned(), vec!["`y` is dropped".to_owned()]);
        assert_eq!(passage(&report, "::Value"), expected);
        let report = row.edited(&[("{ x: u64 }", "{ x: u64, y: u8 }"), ("{ x: 0 }", "{ x: 0, y: 5 }")]);
        row.host.frames(1);
        assert_eq!(last(&mut row, 2), "Value { x: 7, y: 0 }");
        let expected = ("migrated".to_owned(), vec!["`y` is new: 0".to_owned()]);
        assert_eq!(passage(&report, "::Value"), expected);
    }

    fn field_of_another_type() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}");
        let mut row = resource("retyped", "Value", "Value { x: 7 }", &items);
        refused(&mut row, &["u64 cannot be made (u64, alloc::string::String)", "was x: u64", "#[state(migrate = migrate)]"], &[
            ("x: u64", "x: (u64, String)"), ("Value { x: 7 }", "Value { x: (7, String::new()) }"),
        ]);
        let source = fs::read_to_string(row.fixture.source()).unwrap();
        row.fixture.write(&source.replace("x: (u64, String)", "x: i8").replace("x: (7, String::new())", "x: 7"));
        let report = row.host.reload();
        assert_eq!(passage(&report, "::Value").0, "migrated");
        row.host.frames(1);
        assert_eq!(last(&mut row, 2), "Value { x: 7 }");
    }

    fn field_renamed() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}");
        let mut row = resource("renamed_field", "Value", "Value::default()", &items);
        refused(&mut row, &["`x` is gone and `y`, of the same type, is new"], &[("x: u64", "y: u64")]);
    }

    fn field_renamed_with_serde() {
        let items = "#[derive(Resource, Reflect, Serialize, Deserialize, Clone, Debug, Default)] #[serde(default)]
            struct Value { parts: Vec<Part> }
            #[derive(Reflect, Serialize, Deserialize, Clone, Debug, Default)] #[serde(default)] struct Part { x: u64 }";
        let mut row = resource("renamed_serde", "Value", "Value { parts: vec![part()] }", &format!("{items}
            fn part() -> Part {{ Part {{ x: 7 }} }}"));
        refused(&mut row, &["`parts.[].x` is gone and `parts.[].y`, of the same type, is new"], &[
            ("struct Part { x: u64 }", "struct Part { y: u64 }"), ("Part { x: 7 }", "Part { y: 7 }"),
        ]);
        let report = row.edited(&[("struct Part { y", "struct Part { #[serde(alias = \"x\")] y")]);
        assert_eq!(passage(&report, "::Value").0, "migrated");
        row.host.frames(1);
        assert_eq!(last(&mut row, 2), "Value { parts: [Part { y: 7 }] }");
    }

    fn field_migrated_by_a_function() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}
            #[derive(Resource, Reflect, Clone)] struct Other(u64);
            fn add(mut commands: Commands) {{ commands.insert_resource(Other(100)); }}");
        let setup = "app.add_systems(Startup, |mut c: Commands| c.insert_resource(Value::default()))
            .add_systems(Startup, add).add_systems(Update, (show::<Value>, |_: Option<Res<Other>>| {}));";
        let mut row = Row::start("edit_function", "Value, Other", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        let function = "
            fn migrate(was: &dyn Reflect, world: &World) -> Result<Value, String> {
                let x = was.path::<u64>(\"x\").map_err(|error| error.to_string())?;
                if *x == 0 && VERSION == 2 { return Err(\"nothing is no value\".to_owned()); }
                let known = world.iter_resources().count() > 0;
                Ok(Value { z: format!(\"{x} {known}\") })
            }
            #[state(migrate = migrate)] #[derive(Resource";
        refused(&mut row, &["nothing is no value"], &[
            ("#[derive(Resource, Reflect, Clone, Debug", &format!("{function}, Reflect, Clone, Debug")), ("x: u64", "z: String"),
        ]);
        let report = row.edited(&[("VERSION: u32 = 2", "VERSION: u32 = 3")]);
        assert_eq!(passage(&report, "::Value").0, "migrated");
        row.host.frames(1);
        assert_eq!(last(&mut row, 3), "Value { z: \"0 true\" }");
    }

    fn without_a_value() {
        let items = "#[derive(Resource, Clone, Debug)] struct Value { x: Vec<u32> }";
        let setup = "app.add_systems(Update, (show::<Value>.run_if(resource_exists::<Value>), put.run_if(asked)));";
        let put = "fn put(mut c: Commands) { c.insert_resource(Value { x: made() }); }
            fn made() -> Vec<u32> { vec![1; 3] }";
        let mut row = Row::start("edit_without", "Value", setup, &format!("{items}{put}{SHOW}"));
        let report = edited(&mut row, "committed", &[
            ("x: Vec<u32>", "x: [u64; 3]"), ("fn made() -> Vec<u32> { vec![1; 3] }", "fn made() -> [u64; 3] { [u64::MAX; 3] }"),
        ]);
        assert_eq!(report["types"], json!([]));
        // What drops the first would take these for an address.
        row.host.advance();
        row.host.advance();
        row.host.frames(2);
        assert!(last(&mut row, 2).starts_with("Value { x: [18446744073709551615"));
    }

    fn list_to_array() {
        let items = format!("{REFLECTED}struct Value {{ x: Vec<u32> }}");
        let mut row = resource("array", "Value", "Value { x: made() }", &format!("{items}
            fn made() -> Vec<u32> {{ vec![7, 8] }}"));
        edited(&mut row, "committed", &[
            ("x: Vec<u32>", "x: [u64; 3]"), ("fn made() -> Vec<u32> { vec![7, 8] }", "fn made() -> [u64; 3] { [1; 3] }"),
        ]);
        assert_eq!(last(&mut row, 2), "Value { x: [7, 8, 0] }");
    }

    fn generic_argument() {
        let items = "#[derive(Reflect, Clone, Debug, Default)] struct Holder<T>(T);
            type Inner = Holder<u32>;
            #[derive(Resource, Reflect, Clone, Debug, Default)] struct Value { x: Inner }";
        let mut row = resource("generic", "Value", "Value { x: Holder(7) }", items);
        edited(&mut row, "committed", &[("Holder<u32>", "Holder<u64>")]);
        assert_eq!(last(&mut row, 2), "Value { x: Holder(7) }");
    }

    fn discriminants() {
        let items = "#[derive(Component, Clone, Copy, Debug)] enum Value { Low = 1, High = 9 }";
        let setup = "app.add_systems(Startup, |mut c: Commands| { c.spawn(Value::Low); c.spawn(Value::High); })
            .add_systems(Update, show_all::<Value>);";
        let mut row = Row::start("edit_discriminants", "", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        let before = last(&mut row, 1);
        edited(&mut row, "committed", &[("Low = 1, High = 9", "High = 1, Middle = 300, Low = 9")]);
        assert_eq!(last(&mut row, 2), before);
    }

    fn alias_and_use() {
        let items = "mod v1 { use super::*; #[derive(Reflect, Clone, Debug, Default)] pub struct Pos { pub x: u32, pub y: u32 } }
            mod v2 { use super::*; #[derive(Reflect, Clone, Debug, Default)] pub struct Pos { pub y: u32, pub x: u32 } }
            use v1::Pos;
            #[derive(Resource, Reflect, Clone, Debug, Default)] struct Value { at: Pos }";
        let mut row = resource("use", "Value", "Value { at: Pos { x: 1, y: 2 } }", items);
        let report = edited(&mut row, "committed", &[("use v1::Pos;", "use v2::Pos;")]);
        assert_eq!(last(&mut row, 2), "Value { at: Pos { y: 2, x: 1 } }");
        assert_eq!(passage(&report, "::Value").0, "migrated");
    }

    fn local_and_event() {
        let items = "#[derive(Event, Clone, Debug)] struct Sent(Box<u64>);
            #[derive(Default, Debug)] struct Kept(Vec<u64>);
            fn work(mut probe: ResMut<Probe>, mut kept: Local<Kept>, mut read: EventReader<Sent>) {
                let number = kept.0.len() as u64;
                kept.0.push(number);
                let read: Vec<_> = read.read().map(|sent| *sent.0).collect();
                note(&mut probe, format!(\"{number} {read:?}\"));
            }
            fn send(mut number: Local<u64>, mut sent: EventWriter<Sent>) {
                sent.send(Sent(Box::new(*number)));
                *number += 1;
            }";
        let setup = "app.add_event::<Sent>().add_systems(Update, (work, send).chain());";
        let mut row = Row::start("edit_local", "", setup, items);
        row.host.frames(2);
        edited(&mut row, "committed", &[
            ("struct Sent(Box<u64>)", "struct Sent(u8, Box<u64>)"), ("*sent.0)", "*sent.1)"), ("Sent(Box::new(*number))", "Sent(3, Box::new(*number))"),
            ("struct Kept(Vec<u64>)", "struct Kept(Vec<u64>, [u64; 5])"),
        ]);
        // Both begin anew.
        let notes = row.notes(2);
        assert_eq!(notes[..2], ["0 []", "1 [0]"]);
    }

    fn part_of_a_field() {
        let items = format!("{REFLECTED}struct Value {{ parts: Vec<Part> }}
            #[derive(Reflect, Clone, Debug, Default)] #[reflect(Default)] struct Part {{ x: u64 }}");
        let mut row = resource("part", "Value", "Value { parts: vec![Part { x: 7, ..default() }] }", &items);
        let report = edited(&mut row, "committed", &[("struct Part { x: u64 }", "struct Part { y: u8, x: u64 }")]);
        assert_eq!(last(&mut row, 2), "Value { parts: [Part { y: 0, x: 7 }] }");
        assert_eq!(passage(&report, "::Value").0, "migrated");
    }

    fn variants() {
        let items = format!("{REFLECTED}struct Value(Vec<Kind>);
            #[derive(Reflect, Clone, Debug)] enum Kind {{ Small, Large(u8) }}");
        let mut row = resource("variants", "Value", "Value(vec![Kind::Small, Kind::Large(3)])", &items);
        edited(&mut row, "committed", &[("{ Small, Large(u8) }", "{ Middle, Large(u64), Small }")]);
        assert_eq!(last(&mut row, 2), "Value([Small, Large(3)])");
        let source = fs::read_to_string(row.fixture.source()).unwrap();
        row.fixture.write(&source.replace("{ Middle, Large(u64), Small }", "{ Large(u64) }").replace("Kind::Small, ", ""));
        let report = row.host.reload();
        let text = report["error"]["text"].as_str().unwrap();
        assert!(text.contains("there is no variant `Small` any more"), "{report:#}");
    }

    fn state_with_another_variant() {
        let items = "#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
            enum Screen { #[default] Menu, Play }
            fn go(mut next: ResMut<NextState<Screen>>) { next.set(Screen::Play); }
            fn tell(mut probe: ResMut<Probe>, screen: Res<State<Screen>>) {
                note(&mut probe, format!(\"{:?}\", screen.get()));
            }
            fn entered(mut probe: ResMut<Probe>) { note(&mut probe, \"entered\"); }
            fn scope(mut commands: Commands) { commands.spawn(StateScoped(Screen::Play)); }";
        let setup = "app.init_state::<Screen>().enable_state_scoped_entities::<Screen>()
            .add_systems(Startup, scope).add_systems(Update, (tell, go.run_if(asked)))
            .add_systems(OnEnter(Screen::Play), entered);";
        let mut row = Row::start("edit_state", "", setup, items);
        row.host.advance();
        row.host.frames(2);
        assert_eq!(last(&mut row, 1), "Play");
        let report = edited(&mut row, "committed", &[("{ #[default] Menu, Play }", "{ Intro, #[default] Menu, Shop, Play }")]);
        assert_eq!(passage(&report, "State<").0, "migrated");
        assert_eq!(passage(&report, "StateScoped<").0, "migrated");
        // Nothing is entered again.
        assert_eq!(row.notes(2).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(["Play".to_owned()]));
        let report = row.edited(&[("\"entered\"", "\"came in\""), ("NextState<Screen>>) { next.set(Screen::Play)", "NextState<Screen>>) { next.set(Screen::Shop)")]);
        assert_eq!(report["types"], json!([]), "{report:#}");
        row.host.advance();
        row.host.frames(2);

        assert_eq!(last(&mut row, 2), "Shop");
    }

    fn length_by_a_const() {
        let items = format!("const LENGTH: usize = 2; {REFLECTED}struct Value([u8; LENGTH]);");
        let mut row = resource("length", "Value", "Value([7; LENGTH])", &items);
        edited(&mut row, "committed", &[("LENGTH: usize = 2", "LENGTH: usize = 3")]);
        assert_eq!(last(&mut row, 2), "Value([7, 7, 0])");
    }

    fn behind_a_pointer() {
        let items = "#[derive(Resource, Reflect, Clone, Debug)] struct Value(std::sync::Arc<Purse>);
            #[derive(Reflect, Debug)] struct Purse { gold: u64, arrows: u64 }";
        let made = "Value(std::sync::Arc::new(Purse { gold: 100, arrows: 7 }))";
        let mut row = resource("arc", "Value", made, items);
        refused(&mut row, &["Arc"], &[("{ gold: u64, arrows: u64 }", "{ arrows: u64, gold: u64 }")]);
    }

    fn hidden_from_reflection() {
        let items = format!("{REFLECTED}struct Value {{ x: u64, #[reflect(ignore)] purse: Purse }}
            #[derive(Clone, Debug, Default)] struct Purse {{ gold: u64, arrows: u64 }}");
        let made = "Value { x: 1, purse: Purse { gold: 100, arrows: 7 } }";
        let mut row = resource("hidden", "Value", made, &items);
        refused(&mut row, &["reflection does not see all of it"], &[("{ gold: u64, arrows: u64 }", "{ arrows: u64, gold: u64 }")]);
    }

    fn hidden_from_now_on() {
        let items = format!("{REFLECTED}struct Value {{ x: u64, name: String }}");
        let mut row = resource("hidden_now", "Value", "Value { x: 7, name: \"seven\".to_owned() }", &items);
        let report = edited(&mut row, "committed", &[("name: String", "#[reflect(ignore)] name: String")]);
        assert_eq!(report["types"], json!([]));
        assert_eq!(last(&mut row, 2), "Value { x: 7, name: \"seven\" }");
    }

    fn hidden_in_what_is_moved() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}
            #[derive(Component, Reflect, Debug)] struct Unit {{ name: String, points: u32, #[reflect(ignore)] is_alive: bool }}
            fn made() -> Unit {{ Unit {{ name: String::new(), points: 7, is_alive: true }} }}");
        let setup = "app.register_type::<Unit>().add_systems(Startup, |mut c: Commands| {
                c.insert_resource(Value::default());
                c.spawn(made());
            }).add_systems(Update, (show_all::<Unit>, show::<Value>).chain());";
        let mut row = Row::start("edit_hidden_moved", "Value", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        refused(&mut row, &["::Unit", "reflection ignores a field"], &[("x: u64", "x: u64, y: u8")]);
    }

    fn method_of_a_trait() {
        let items = "#[derive(Resource)] struct Value(Box<dyn Act + Send + Sync>);
            trait Act { fn a(&self) -> u8; }
            struct One;
            impl Act for One { fn a(&self) -> u8 { 1 } }
            impl std::fmt::Debug for Value {
                fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"a {}\", self.0.a()) }
            }";
        let mut row = resource("trait", "", "Value(Box::new(One))", items);
        refused(&mut row, &["::Value", "derive `Reflect`"], &[
            ("trait Act { ", "trait Act { fn before(&self) -> u8; "), ("impl Act for One { ", "impl Act for One { fn before(&self) -> u8 { 9 } "),
        ]);
    }

    fn storage() {
        let items = "#[derive(Component, Clone, Debug)] struct Value(u64);";
        let setup = "app.add_systems(Startup, |mut c: Commands| { c.spawn(Value(1)); c.spawn((Value(2), Name::new(\"two\"))); })
            .add_systems(Update, show_all::<Value>);";
        let mut row = Row::start("edit_storage", "", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        let before = last(&mut row, 1);
        let report = edited(&mut row, "committed", &[("struct Value(u64)", "#[component(storage = \"SparseSet\")] struct Value(u64)")]);
        assert_eq!(last(&mut row, 2), before);
        assert_eq!(passage(&report, "::Value"), ("moved".to_owned(), Vec::new()));
        assert_eq!(report["types"][0]["values"], 2);
    }

    fn another_type_of_the_crate() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}
            #[derive(Component, Clone, Debug)] struct Plain(u8);
            #[derive(Component, Clone, Debug)] struct Owned(String);");
        let setup = "app.add_systems(Startup, |mut c: Commands| {
                c.insert_resource(Value::default());
                c.spawn((Plain(3), Owned(\"mine\".to_owned())));
            }).add_systems(Update, (show_all::<Plain>, show_all::<Owned>, show::<Value>).chain());";
        let mut row = Row::start("edit_another", "Value, Owned", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        let before = row.notes(1);
        let report = edited(&mut row, "committed", &[("x: u64", "x: u64, y: u8")]);
        let after = row.notes(2);
        assert_eq!(after[..2], before[..2]);
        assert_eq!(passage(&report, "::Plain").0, "moved");
        assert_eq!(passage(&report, "::Owned").0, "moved");
        assert_eq!(passage(&report, "::Value").0, "migrated");
    }

    fn what_cannot_be_moved() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}
            #[derive(Resource)] struct Held(Box<dyn Fn() -> u8 + Send + Sync>);
            fn used(_: Option<Res<Held>>) {{}}");
        let setup = "app.add_systems(Startup, |mut c: Commands| {
                c.insert_resource(Value::default());
                c.insert_resource(Held(Box::new(|| 5)));
            }).add_systems(Update, (show::<Value>, used));";
        let mut row = Row::start("edit_unmoved", "Value", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        refused(&mut row, &["::Held", "its crate is another one"], &[("x: u64", "x: u64, y: u8")]);
    }

    fn component_and_resource() {
        let items = "#[derive(Component, Resource, Reflect, Clone, Debug, Default)] struct Value { x: u64 }";
        let setup = "app.add_systems(Startup, |mut c: Commands| {
                c.insert_resource(Value { x: 1, ..default() });
                c.spawn(Value { x: 2, ..default() });
            }).add_systems(Update, (show_all::<Value>, show::<Value>).chain());";
        let mut row = Row::start("edit_both", "Value", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        let report = edited(&mut row, "committed", &[("struct Value { x: u64 }", "struct Value { x: u64, y: u8 }")]);
        let notes = row.notes(2);
        assert!(notes[0].ends_with("Value { x: 2, y: 0 })]"), "{notes:?}");
        assert_eq!(notes[1], "Value { x: 1, y: 0 }");
        assert_eq!(report["types"].as_array().unwrap().len(), 2);
    }

    fn made_by_a_macro() {
        let items = "macro_rules! make { ($($f:ident),*) => {
                #[derive(Resource, Reflect, Clone, Debug, Default)] struct Value { $($f: u64),* }
            } }
            make!(x);";
        let mut row = resource("macro", "Value", "Value { x: 7, ..default() }", items);
        let report = edited(&mut row, "committed", &[("make!(x)", "make!(y, x)")]);
        assert_eq!(last(&mut row, 2), "Value { y: 0, x: 7 }");
        assert_eq!(passage(&report, "::Value").0, "migrated");
    }

    fn type_renamed() {
        let items = format!("{REFLECTED}struct Score {{ x: u64 }} type Value = Score;");
        let mut row = resource("renamed", "Score", "Value { x: 7 }", &items);
        refused(&mut row, &["it is gone, and there are values of it", "Is it game_row_edit_renamed::Points now?", "#[state(was = \"game_row_edit_renamed::Score\")]"], &[
            ("struct Score", "struct Points"), ("= Score", "= Points"), ("[Score]", "[Points]"),
        ]);
        let source = fs::read_to_string(row.fixture.source()).unwrap();
        row.fixture.write(&source.replace("#[derive(Resource, Reflect", "#[state(was = \"game_row_edit_renamed::Score\")] #[derive(Resource, Reflect"));
        let report = row.host.reload();
        assert_eq!(passage(&report, "::Points").0, "migrated");
        row.host.frames(1);
        assert_eq!(last(&mut row, 2), "Points { x: 7 }");
    }

    fn type_moved_to_another_module() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}");
        let mut row = resource("moved", "Value", "Value { x: 7 }", &items);
        let module = format!("mod deep {{ use super::*; {REFLECTED}pub struct Value {{ pub x: u64 }} }} use deep::Value;");
        refused(&mut row, &["Is it game_row_edit_moved::deep::Value now?"], &[(&items, &module)]);
    }

    fn type_gone() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}
            #[derive(Resource, Reflect, Clone)] struct Extra(u8);
            fn extra(mut commands: Commands) {{ commands.insert_resource(Extra(1)); }}");
        let setup = "app.add_systems(Startup, (|mut c: Commands| c.insert_resource(Value::default()), extra))
            .add_systems(Update, show::<Value>);";
        let mut row = Row::start("edit_gone", "Value", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        refused(&mut row, &["::Extra", "#[state(discard = \"game_row_edit_gone::Extra\")]"], &[
            ("#[derive(Resource, Reflect, Clone)] struct Extra(u8);", ""), ("commands.insert_resource(Extra(1));", "let _ = &mut commands;"),
        ]);
        let source = fs::read_to_string(row.fixture.source()).unwrap();
        row.fixture.write(&source.replace("fn extra", "#[state(discard = \"game_row_edit_gone::Extra\")] fn extra"));
        let report = row.host.reload();
        assert_eq!(passage(&report, "::Extra").0, "discarded");
        assert_eq!(report["outcome"], "committed", "{report:#}");
    }

    fn taken_back() {
        let items = format!("{REFLECTED}struct Value {{ x: u64, name: String }}
            #[derive(Component, Reflect, Clone, Debug)] struct Part(String);
            fn work(_: ResMut<Value>) {{ /* here */ }}");
        let setup = "app.add_systems(Startup, |mut c: Commands| {
                c.insert_resource(Value { x: 7, name: \"seven\".to_owned(), ..default() });
                c.spawn(Part(\"a\".to_owned())); c.spawn(Part(\"b\".to_owned()));
            }).add_systems(Update, (show_all::<Part>, show::<Value>, work).chain());";
        let mut row = Row::start_with("edit_back", "Value, Part", setup, &format!("{items}{SHOW}"), 40);
        row.host.frames(2);
        let before = row.notes(1)[..2].to_vec();
        let report = edited(&mut row, "rolled_back", &[
            ("x: u64, name: String", "name: String, y: u8"), ("x: 7, name", "name"),
            ("/* here */", "if VERSION == 2 { panic!(\"no\") }"),
        ]);
        assert_eq!(report["types"], json!([]));
        row.host.frames(2);
        let notes = row.notes(1);
        assert_eq!(notes[notes.len() - 2..], before);
        // The old code goes on in it, and a later edit finds it.
        let report = row.edited(&[("VERSION: u32 = 2", "VERSION: u32 = 3")]);
        assert_eq!(passage(&report, "::Part").0, "moved");
        row.host.frames(1);
        assert_eq!(last(&mut row, 3), "Value { name: \"seven\", y: 0 }");
    }

    fn a_dependency_more() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}");
        let mut row = resource("dependency", "Value", "Value { x: 7 }", &items);
        let folder = row.fixture.folder.clone();
        lab::write(&folder.join("extra/src/lib.rs"), "pub const EXTRA: u64 = 1;");
        let manifest = "[package]\nname = \"extra\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
        lab::write(&folder.join("extra/Cargo.toml"), manifest);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let more = manifest.replace("[dependencies]", "[dependencies]\nextra = { path = \"extra\" }");
        lab::write(&folder.join("Cargo.toml"), &more);
        let report = edited(&mut row, "committed", &[("fn asked", "const _: u64 = extra::EXTRA;\nfn asked")]);
        assert_eq!(last(&mut row, 2), "Value { x: 7 }");
        assert_eq!(passage(&report, "::Value").0, "moved");
        lab::write(&folder.join("Cargo.toml"), &manifest);
    }

    fn there_and_back() {
        let items = format!("{REFLECTED}struct Value {{ x: u64, items: Vec<String> }}");
        let made = "Value { x: 7, items: vec![\"a\".to_owned()], ..default() }";
        let mut row = resource("back_again", "Value", made, &items);
        for _ in 0..2 {
            let report = row.edited(&[("x: u64, items", "y: i32, x: u64, items")]);
            assert_eq!(report["outcome"], "committed", "{report:#}");
            row.host.frames(1);
            assert_eq!(last(&mut row, 1), "Value { y: 0, x: 7, items: [\"a\"] }");
            let report = row.edited(&[("y: i32, x: u64, items", "x: u64, items")]);
            assert_eq!(report["outcome"], "committed", "{report:#}");
            row.host.frames(1);
            assert_eq!(last(&mut row, 1), "Value { x: 7, items: [\"a\"] }");
        }
    }

    fn type_that_is_only_inserted() {
        let items = format!("{REFLECTED}struct Value {{ x: u64 }}
            #[derive(Component, Reflect, Clone, Debug)] struct Mark(u8);
            fn mark(mut commands: Commands) {{ commands.spawn(Mark(VERSION as u8)); }}");
        let setup = "app.register_type::<Mark>()
            .add_systems(Startup, (|mut c: Commands| c.insert_resource(Value::default()), mark))
            .add_systems(Update, (show::<Value>, mark.run_if(asked)));";
        let mut row = Row::start("edit_inserted", "Value", setup, &format!("{items}{SHOW}"));
        row.host.frames(2);
        let report = edited(&mut row, "committed", &[("x: u64", "x: u64, y: u8")]);
        assert_eq!(passage(&report, "::Mark").0, "waiting");
        row.host.advance();
        row.host.frames(2);
        let report = row.edited(&[("show::<Value>, mark", "show::<Value>, show_all::<Mark>, mark"), ("VERSION: u32 = 2", "VERSION: u32 = 3")]);
        assert_eq!(report["outcome"], "committed", "{report:#}");
        row.host.frames(1);
        let notes = row.notes(3);
        let marks = notes.iter().find(|note| note.contains("Mark(")).unwrap();
        assert!(marks.contains("Mark(1)") && marks.contains("Mark(2)"), "{marks}");
    }
}

/// Rows whose tests take no compiler, or are those of a fault, and where these are.
const ELSEWHERE: &[(&str, &str)] = &[
    ("systems_are_the_new_codes", "app/systems.rs"),
    (
        "the_values_of_a_key_that_is_none_any_more_stay_and_that_is_told",
        "asked.rs",
    ),
    ("what_the_app_itself_uses_stays_what_it_was", "migration.rs"),
    (
        "what_another_module_uses_goes_over_with_it_only",
        "migration.rs",
    ),
    (
        "assets_of_a_crate_of_which_a_type_has_changed_need_a_restart",
        "migration.rs",
    ),
    ("what_serde_leaves_out_is_not_lost", "written.rs"),
    ("stable_crate_changed", "/tests/faults.rs"),
];

/// What is in a file of the repository, or of the tests in process.
fn tests_in(file: &str) -> String {
    let file = file.strip_prefix('/').map_or_else(
        || format!("crates/hot_reloader_bevy/src/hot/tests/{file}"),
        str::to_owned,
    );
    fs::read_to_string(lab::root().join(&file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_documented_table_names_these_tests() {
    let text = fs::read_to_string(lab::root().join("docs/edits.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let documented: BTreeSet<&str> = rows
        .filter_map(|line| line.split('`').nth_back(1))
        .collect();
    let elsewhere = ELSEWHERE.iter().map(|(name, _)| name);
    let tests: BTreeSet<&str> = TABLE.iter().chain(elsewhere).copied().collect();
    assert_eq!(documented, tests);
    for (name, file) in ELSEWHERE {
        let text = tests_in(file);
        let is_there = [format!("fn {name}()"), format!("    {name}: ")]
            .iter()
            .any(|test| text.contains(test));
        assert!(is_there, "{file}: {name}");
    }
}
