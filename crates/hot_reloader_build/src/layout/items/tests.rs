use super::*;

fn digest(text: &str) -> Vec<(String, u64)> {
    let pieces = Pieces::of(text).pieces.into_iter();
    pieces.map(|piece| (piece.name, piece.digest)).collect()
}

#[test]
fn what_lays_nothing_out_does_not_count() {
    let plain = digest("struct A { x: u64 } trait T { fn f(&self) -> u32; }");
    for same in [
        "/// Says.\n#[derive(Debug)] pub struct A { pub x: u64 } trait T { fn f(&self) -> u32; }",
        "struct A { #[serde(default)] x: u64, } trait T { fn f(&self) -> u32 { 5 } }",
        "struct A { x: u64 } trait T { fn f(&self) -> u32; } fn g() { A { x: 1 }; } impl A {}",
        "struct A { x: u64 } trait T { fn f(&self) -> u32; } static S: u8 = 0;",
    ] {
        assert_eq!(digest(same), plain, "{same}");
    }
}

#[test]
fn what_lays_out_counts() {
    let plain = digest("struct A { x: u64, y: u32 }");
    for other in [
        "struct A { y: u32, x: u64 }",
        "struct A { x: u64, y: i32 }",
        "struct A { x: u64, z: u32 }",
        "#[repr(C)] struct A { x: u64, y: u32 }",
        "#[unknown] struct A { x: u64, y: u32 }",
        "use v2::*; struct A { x: u64, y: u32 }",
        "struct A<T = u8> { x: u64, y: u32 }",
    ] {
        assert_ne!(digest(other), plain, "{other}");
    }
    for (one, other) in [
        ("enum E { A, B }", "enum E { B, A }"),
        ("enum E { A, B }", "enum E { A, B = 5 }"),
        ("enum E { A, B }", "enum E { A, B(u8) }"),
        (
            "trait T { fn f(&self); fn g(&self); }",
            "trait T { fn g(&self); fn f(&self); }",
        ),
        (
            "trait T { fn f(&self); }",
            "trait T { fn f(&self); fn g(&self); }",
        ),
        ("trait T: U {}", "trait T: V {}"),
        ("m! { struct A; }", "m! { struct A(u8); }"),
        ("fn f() { struct A; }", "fn f() { struct A(u8); }"),
        ("const N: usize = 1;", "const N: usize = 2;"),
        ("use a::P;", "use b::P;"),
        (
            "impl I for A { type O = u8; }",
            "impl I for A { type O = u16; }",
        ),
        (
            "macro_rules! m { ($t:ty) => { struct L($t); } } fn f() { m!(u8); }",
            "macro_rules! m { ($t:ty) => { struct L($t); } } fn f() { m!(u16); }",
        ),
        ("this is no Rust", "this is no Rust either"),
    ] {
        assert_ne!(digest(one), digest(other), "{one} / {other}");
    }
}

#[test]
fn where_values_are_kept_is_told_apart_from_what_they_are() {
    for (one, other) in [
        (
            "struct A;",
            "#[component(storage = \"SparseSet\")] struct A;",
        ),
        (
            "impl Component for A { const STORAGE_TYPE: S = S::Table; }",
            "impl Component for A { const STORAGE_TYPE: S = S::SparseSet; }",
        ),
    ] {
        let [was, now] = [one, other].map(|text| Pieces::of(text).storages);
        assert_ne!(was, now, "{one} / {other}");
    }
    let kept = "#[component(storage = \"SparseSet\")] struct A;";
    assert_eq!(digest("struct A;"), digest(kept));
}

#[test]
fn only_what_is_in_modules_and_functions_is_known_by_its_path() {
    for (text, has_path) in [
        ("mod m { struct L; }", true),
        ("fn f() { if true { struct L; } }", true),
        ("impl T for A { fn f() { struct L; } } trait T {}", false),
        ("trait T { fn f() { struct L; } }", false),
        ("fn f() { g(|| { struct L; }); }", false),
    ] {
        let pieces = Pieces::of(text).pieces;
        let local = pieces.iter().find(|piece| piece.name == "L").unwrap();
        assert_eq!(local.has_path, has_path, "{text}");
        // What comes after it is not within it.
        let mut others = pieces.iter().filter(|piece| piece.name == "T");
        assert!(others.all(|piece| piece.has_path), "{text}");
    }
}

#[test]
fn directions_are_read_where_they_stand() {
    let text = "mod m { #[state(was = \"game::Old\")] struct New; \
                #[hot_reloader::state(discard = \"game::Gone\")] fn f() {} }";
    let pieces = Pieces::of(text);
    let was = [("m::New".to_owned(), "game::Old".to_owned())];
    assert_eq!(pieces.was, was);
    assert_eq!(pieces.discarded, ["game::Gone"]);
}

#[test]
fn the_other_names_of_fields_are_read() {
    let text =
        "struct A { #[serde(default, alias = \"a\")] b: u8, #[serde(rename = \"c\")] d: u8 }";
    assert_eq!(Pieces::of(text).read_as, ["a", "c"]);
}

#[test]
fn what_reflection_ignores_is_noted_and_lays_nothing_out() {
    for text in [
        "struct A { #[reflect(ignore)] x: u8 }",
        "struct A(u8, #[reflect(default, ignore)] u8);",
        "enum A { B, C { #[cfg_attr(some, reflect(ignore))] x: u8 } }",
        "m! { struct A { #[reflect(ignore)] x: u8 } }",
        "macro_rules! m { () => { struct A { #[reflect(ignore)] x: u8 } } }",
    ] {
        let pieces = Pieces::of(text).pieces;
        assert!(pieces.iter().any(|piece| piece.ignores_fields), "{text}");
    }
    for text in [
        "#[reflect(Default)] struct A { #[reflect(skip_serializing)] ignore: u8 }",
        "struct A<T> { #[reflect(ignore)] of: std::marker::PhantomData<T> }",
        "struct A { #[serde(ignore)] reflect: u8 }",
    ] {
        let pieces = Pieces::of(text).pieces;
        assert!(!pieces.iter().any(|piece| piece.ignores_fields), "{text}");
    }
    let ignored = digest("struct A { #[reflect(ignore)] x: u8 }");
    assert_eq!(digest("struct A { x: u8 }"), ignored);
}

#[test]
fn what_serde_leaves_out_is_noted() {
    for (text, is_left_out) in [
        ("struct A { #[serde(default, skip)] x: u8 }", true),
        (
            "enum A { B, C(#[cfg_attr(some, serde(skip_serializing))] u8) }",
            true,
        ),
        ("m! { struct A { #[serde(skip)] x: u8 } }", true),
        (
            "struct A { #[serde(skip_serializing_if = \"is_none\")] x: u8 }",
            false,
        ),
        ("struct A { #[reflect(skip_serializing)] x: u8 }", false),
    ] {
        let pieces = Pieces::of(text).pieces;
        let is_noted = pieces.iter().any(|piece| piece.skips_fields);
        assert_eq!(is_noted, is_left_out, "{text}");
    }
}

#[test]
fn the_numbers_of_variants_are_those_of_the_compiler() {
    let text = "enum E { A, B = 5, C } enum F { A(u8), B } #[repr(u8)] enum G { A }";
    let pieces = Pieces::of(text).pieces;
    let numbers = |index: usize| pieces[index].variants.clone();
    let expected = [("A", 0), ("B", 5), ("C", 6)];
    let expected = expected.map(|(name, number)| (name.to_owned(), number));
    assert_eq!(numbers(0), Some(expected.to_vec()));
    assert_eq!([numbers(1), numbers(2)], [None, None]);
}
