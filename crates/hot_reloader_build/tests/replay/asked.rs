//! Of several libraries, for which cargo is asked, if it has to be.

use super::*;

impl Fixture {
    /// Lets cargo be run by a script that writes down for which library, and does what is to be done `meanwhile`, once.
    fn with_list(&mut self) {
        let files = ["cargo.sh", "list", "meanwhile"];
        let [cargo, list, meanwhile] = files.map(|file| self.folder.path().join(file));
        let script = format!(
            "cargo='{0}'\nif [ \"$1\" = rustc ]; then\necho \"$5\" >> '{1}'\n\
             if [ -e '{2}' ]; then mv '{2}' '{2} now'; . '{2} now'; fi\nfi\n\
             exec \"$cargo\" \"$@\"\n",
            self.config.cargo.display(),
            list.display(),
            meanwhile.display()
        );
        write_script(&cargo, &script);
        self.config.cargo = cargo;
    }

    /// What is done when cargo is asked for the next library.
    fn meanwhile(&self, script: &str) {
        write(&self.folder.path().join("meanwhile"), script);
    }

    /// The libraries that cargo was asked for since.
    fn asked_for(&self) -> Vec<String> {
        let list = self.folder.path().join("list");
        let packages = fs::read_to_string(&list).unwrap();
        write(&list, "");
        let names = packages.lines().map(|package| {
            let (folder, _) = package.split_once('#').unwrap();
            folder.rsplit('/').next().unwrap().to_owned()
        });
        names.collect()
    }

    /// Gives `menu`, whose number is `before`, a file that says 8. Returns why that means cargo.
    fn with_new_file(&self, before: u64) -> Decline {
        let own = format!("const ENTRIES: u64 = {before};");
        self.edit("menu/src/lib.rs", &own, "mod more;\nuse more::ENTRIES;");
        let more = "pub(crate) const ENTRIES: u64 = 8;\n";
        self.write("menu/src/more.rs", more);
        let (name, path) = ("menu".to_owned(), self.path("menu/src/more.rs"));
        Decline::Reads { name, path }
    }
}

/// It takes its time for each library, also where it finds nothing to do.
#[test]
fn cargo_is_asked_for_the_library_that_is_edited_and_the_other_stays() {
    let mut fixture = Fixture::of_two();
    fixture.with_list();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    assert_eq!(fixture.asked_for(), ["game", "menu"]);
    fixture.warm_up();
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let before = fixture.answer(&[("game", 203), ("menu", 2007)], None);
    let reads = fixture.with_new_file(7);
    let after = fixture.answer(&[("game", 203), ("menu", 2008)], Some(reads));
    assert_eq!(library(&after), library(&before));
    let compiled = fixture.compiled();
    assert!(compiled.iter().all(|name| name == "menu"), "{compiled:?}");
    assert_eq!(fixture.asked_for(), ["menu"]);
    // The compiler remembers all else.
    fixture.warm_up();
    assert_eq!(fixture.compiled(), ["menu"]);
    fixture.edit("menu/src/more.rs", "= 8", "= 9");
    fixture.answer(&[("game", 203), ("menu", 2009)], None);
    assert_eq!(fixture.compiled(), ["menu"]);

    let path = fixture.path("menu/src/more.rs");
    fs::remove_file(&path).unwrap();
    let own = "const ENTRIES: u64 = 7;";
    fixture.edit("menu/src/lib.rs", "mod more;\nuse more::ENTRIES;", own);
    let gone = Some(Decline::Gone { path });
    let after = fixture.answer(&[("game", 203), ("menu", 2007)], gone);
    assert_eq!(library(&after), library(&before));
    assert_eq!(fixture.asked_for(), ["menu"]);
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answer(&[("game", 303), ("menu", 3007)], None);
    assert_eq!(fixture.asked_for(), [""; 0]);
}

#[test]
fn before_the_compiler_is_ready_cargo_is_asked_for_the_library_that_is_edited() {
    let mut fixture = Fixture::of_two();
    fixture.with_list();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    assert_eq!(fixture.asked_for(), ["game", "menu"]);
    fixture.is_kept_from_warming_up("Compiling rules");
    fixture.edit("game/src/menu.rs", "= 1", "= 3");
    let name = "game".to_owned();
    let cold = Some(Decline::Cold { name });
    fixture.answer(&[("game", 203), ("menu", 2007)], cold);
    assert_eq!(fixture.asked_for(), ["game"]);
    fixture.warm_up();
    fixture.edit("words/src/lib.rs", "= 2", "= 3");
    fixture.answer(&[("game", 303), ("menu", 3007)], None);
}

#[test]
fn cargo_is_asked_for_each_library_that_needs_what_is_edited() {
    let mut fixture = Fixture::of_two();
    fixture.with_list();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    assert_eq!(fixture.asked_for(), ["game", "menu"]);
    fixture.warm_up();
    fixture.edit("words/src/lib.rs", "= 2", "= TWO;\nmod two;\nuse two::TWO");
    fixture.write("words/src/two.rs", "pub(crate) const TWO: u64 = 4;\n");
    let path = fixture.path("words/src/two.rs");
    let name = "words".to_owned();
    let reads = Some(Decline::Reads { name, path });
    fixture.answer(&[("game", 401), ("menu", 4007)], reads);
    assert_eq!(fixture.asked_for(), ["game", "menu"]);
}

/// A manifest, as cargo builds: then nobody knows whether the others are still what they were.
#[test]
fn where_more_changes_meanwhile_cargo_is_asked_for_all() {
    let mut fixture = Fixture::of_two();
    fixture.with_list();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    assert_eq!(fixture.asked_for(), ["game", "menu"]);
    let path = fixture.path("Cargo.toml");
    fixture.meanwhile(&format!("echo '# Another.' >> '{}'\n", path.display()));
    let reads = fixture.with_new_file(7);
    fixture.answer(&[("game", 201), ("menu", 2008)], Some(reads));
    assert_eq!(fixture.asked_for(), ["menu", "game", "menu"]);
}

/// A source of what both need, which is what it was when cargo has ended.
#[test]
fn what_cargo_read_of_a_text_that_is_gone_is_compiled_anew() {
    let mut fixture = Fixture::of_two();
    fixture.with_list();
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    assert_eq!(fixture.asked_for(), ["game", "menu"]);
    fixture.warm_up();
    let words = fixture.path("words/src/lib.rs");
    let write = |word: &str| {
        let text = format!("pub const WORD: u64 = {word};");
        format!("echo '{text}' > '{}'\n", words.display())
    };
    fixture.meanwhile(&format!(
        "{}\"$cargo\" \"$@\"\nstatus=$?\n{}exit $status\n",
        write("5"),
        write("2")
    ));
    let reads = fixture.with_new_file(7);
    fixture.answer(&[("game", 201), ("menu", 2008)], Some(reads));
    assert_eq!(fixture.asked_for(), ["menu"]);
}

/// They were built one at a time since a manifest changed, so nobody has compared them.
#[test]
fn libraries_that_differ_are_found_when_only_one_is_edited() {
    let mut fixture = Fixture::of_two();
    fixture.edit(
        "words/Cargo.toml",
        "[package]",
        "[features]\nodd = []\n[package]",
    );
    fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
    fixture.edit(
        "menu/Cargo.toml",
        "[dependencies]",
        "[dependencies]\nwords = { path = \"../words\", features = [\"odd\"] }",
    );
    for name in ["menu", "game"] {
        fixture.wanted = Some(vec![name.to_owned()]);
        let (outcome, _) = fixture.build();
        outcome.unwrap_or_else(|error| panic!("{error}"));
    }
    fixture.wanted = None;
    fixture.with_new_file(7);
    let (outcome, builder) = fixture.build();
    let error = outcome.unwrap_err();
    assert!(matches!(error, BuildError::Differs { .. }), "{error}");
    let reads = matches!(builder, Some(Builder::Cargo(Decline::Reads { .. })));
    assert!(reads, "{builder:?}");
}

/// After an edit of more than sources, before a start or while the app runs, cargo may find a library fresh and says
/// nothing of how it is built. That is learnt when it is edited, and costs nobody else anything until then.
#[test]
fn a_library_whose_command_is_not_known_is_nothing_to_the_others() {
    for is_running in [false, true] {
        let mut fixture = Fixture::of_two();
        fixture.with_list();
        fixture.answer(&[("game", 201), ("menu", 2007)], Some(Decline::First));
        let path = fixture.path("Cargo.toml");
        let mut decline = Decline::Input { path };
        if !is_running {
            fixture.known = None;
            decline = Decline::First;
        }
        fixture.edit(
            "Cargo.toml",
            "[workspace]",
            "# Other than before.\n[workspace]",
        );
        fixture.edit("menu/src/lib.rs", "= 7", "= 8");
        fixture.answer(&[("game", 201), ("menu", 2008)], Some(decline));
        fixture.warm_up();
        fixture.edit("menu/src/lib.rs", "= 8", "= 9");
        fixture.answer(&[("game", 201), ("menu", 2009)], None);
        assert_eq!(fixture.asked_for(), ["game", "menu", "game", "menu"]);
        let reads = fixture.with_new_file(9);
        fixture.answer(&[("game", 201), ("menu", 2008)], Some(reads));
        assert_eq!(fixture.asked_for(), ["menu"]);
        fixture.edit("game/src/menu.rs", "= 1", "= 3");
        let name = "game".to_owned();
        let unseen = Some(Decline::NotSeen { name });
        fixture.answer(&[("game", 203), ("menu", 2008)], unseen);
        assert_eq!(fixture.asked_for(), ["game", "menu"]);
        fixture.edit("game/src/menu.rs", "= 3", "= 4");
        fixture.answer(&[("game", 204), ("menu", 2008)], None);
    }
}
