//! What a library is built with besides what its own manifest asks for.
//!
//! Cargo unites features for the packages that it is told to build, and a plugin library is built alone. So it is
//! told what the host and the other libraries ask of the crates that they share: else each would come with another
//! form of them, and types of one name would be several.

use std::collections::{BTreeSet, HashMap};

use cargo_metadata::{Dependency, DependencyKind, Node, Package, PackageId};
use cargo_platform::{Cfg, Platform};

use crate::command::TARGET;

/// What cargo said of all packages.
pub(crate) struct Graph<'a> {
    pub(crate) packages: &'a HashMap<&'a PackageId, &'a Package>,
    pub(crate) nodes: &'a HashMap<&'a PackageId, &'a Node>,
    /// What is turned on besides the default features, in the host and in each library that has it.
    pub(crate) features: &'a [String],
}

/// The package of the host, and whether it was built with what only its examples and tests need.
#[derive(Clone, Copy)]
pub(crate) struct Host<'a> {
    pub(crate) package: &'a Package,
    pub(crate) as_test: bool,
}

/// What cargo is told of the features of a library.
pub(crate) struct United {
    /// Those to be turned on, in its own terms: `feature`, or `dependency/feature`.
    pub(crate) features: Vec<String>,
    /// Whether the default ones are on.
    pub(crate) by_default: bool,
}

/// The feature that is on unless somebody does without it.
const DEFAULT: &str = "default";

/// What a package asks of those that it needs: the name that it has for each, and the features.
type Asked<'a> = HashMap<&'a PackageId, (&'a str, BTreeSet<&'a str>)>;

impl<'a> Graph<'a> {
    /// What cargo is to turn on for each library, since the host or another library asks for it: of the library itself,
    /// or of what both need.
    pub(crate) fn united(&self, host: Option<Host<'a>>, libraries: &[&'a Package]) -> Vec<United> {
        let default = || BTreeSet::from([DEFAULT]);
        let by_host = host.map(|host| self.asked_by(host.package, host.as_test, default()));
        let by_host = by_host.unwrap_or_default();
        // No library needs another, so nobody else asks anything of one.
        let of = |library: &Package| {
            let asked = by_host.get(&library.id);
            asked.map(|(_, features)| features.clone())
        };
        let by_libraries = libraries.iter().map(|library| {
            let features = of(library).unwrap_or_else(default);
            self.asked_by(library, false, features)
        });
        let by_libraries: Vec<Asked<'a>> = by_libraries.collect();
        let united = |(library, own): (&&'a Package, &Asked<'a>)| {
            let of_host = of(library);
            let does_without = of_host
                .as_ref()
                .is_some_and(|features| !features.contains(DEFAULT));
            let asked = of_host.into_iter().flatten().map(str::to_owned);
            let mut asked: BTreeSet<String> = asked.collect();
            for (id, (_, features)) in by_libraries.iter().chain([&by_host]).flatten() {
                if let Some((name, known)) = own.get(*id) {
                    let new = features.difference(known);
                    asked.extend(new.map(|feature| format!("{name}/{feature}")));
                }
            }
            United {
                features: asked.into_iter().collect(),
                by_default: !does_without || !library.features.contains_key(DEFAULT),
            }
        };
        libraries.iter().zip(&by_libraries).map(united).collect()
    }

    /// What a package asks of those that it needs, if `features` of it are turned on.
    fn asked_by(
        &self,
        package: &'a Package,
        as_test: bool,
        features: BTreeSet<&'a str>,
    ) -> Asked<'a> {
        let features = features.into_iter();
        let turned_on = turned_on(
            package,
            features.chain(self.features.iter().map(String::as_str)),
        );
        let mut asked = Asked::new();
        for dependency in package.dependencies.iter().filter(|d| is_built(d, as_test)) {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            if dependency.optional && !turned_on.iter().any(|item| turns_on(item, name)) {
                continue;
            }
            let Some(id) = self.found(package, dependency) else {
                continue;
            };
            let by_table = turned_on.iter().filter_map(|item| feature_of(item, name));
            // What a manifest asks for by leaving it out, `default`, not every package has.
            let of_package = &self.packages[id].features;
            let features = by_manifest(dependency).chain(by_table);
            let features = features.filter(|feature| of_package.contains_key(*feature));
            let (_, known) = asked.entry(id).or_insert((name.as_str(), BTreeSet::new()));
            known.extend(features);
        }
        asked
    }

    /// The package that cargo took for a dependency.
    fn found(&self, package: &Package, dependency: &Dependency) -> Option<&'a PackageId> {
        let needs = &self.nodes.get(&package.id)?.deps;
        let is_it = |id: &PackageId, name: &str| {
            let renamed = dependency.rename.as_ref();
            self.packages.get(id).is_some_and(|found| {
                found.name.as_str() == dependency.name
                    && dependency.req.matches(&found.version)
                    && renamed.is_none_or(|renamed| renamed.replace('-', "_") == name)
            })
        };
        let found = needs.iter().find(|need| is_it(&need.pkg, &need.name));
        found.map(|need| &need.pkg)
    }
}

/// All that these features of a package turn on, in the terms of its manifest: `feature`,
/// `dep:name`, `name/feature` and `name?/feature`.
fn turned_on<'a>(
    package: &'a Package,
    features: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let mut waiting: Vec<&str> = features.collect();
    let mut turned_on = BTreeSet::new();
    while let Some(item) = waiting.pop() {
        if !turned_on.insert(item) {
            continue;
        }
        let further = package.features.get(item).into_iter().flatten();
        waiting.extend(further.map(String::as_str));
        // With a feature of a dependency comes the one that has the name of the dependency, if there is one.
        let of = item.split_once('/').map(|(name, _)| name);
        waiting.extend(of.filter(|name| !name.ends_with('?')));
    }
    turned_on
}

/// Whether a dependency that is optional is turned on by this.
fn turns_on(item: &str, name: &str) -> bool {
    let of = item.split_once('/').map(|(name, _)| name);
    of.or(item.strip_prefix("dep:")) == Some(name)
}

/// What this turns on in a dependency.
fn feature_of<'a>(item: &'a str, name: &str) -> Option<&'a str> {
    let (of, feature) = item.split_once('/')?;
    (of.trim_end_matches('?') == name).then_some(feature)
}

/// What a manifest asks of a dependency wherever that is built.
fn by_manifest(dependency: &Dependency) -> impl Iterator<Item = &str> {
    let default = dependency.uses_default_features.then_some(DEFAULT);
    let named = dependency.features.iter().map(String::as_str);
    default.into_iter().chain(named)
}

/// Whether a dependency is one of the code on this platform.
fn is_built(dependency: &Dependency, as_test: bool) -> bool {
    let is_of_code = dependency.kind == DependencyKind::Normal;
    let is_of_test = as_test && dependency.kind == DependencyKind::Development;
    (is_of_code || is_of_test) && dependency.target.as_ref().is_none_or(is_this)
}

/// Whether it is the platform that this crate was built for. What cargo says of a dependency it says of all tables
/// that name it, those for other platforms among them.
fn is_this(platform: &Platform) -> bool {
    let cfgs = env!("HOT_RELOADER_CFGS").split(';');
    let cfgs: Vec<Cfg> = cfgs.filter_map(|cfg| cfg.parse().ok()).collect();
    platform.matches(TARGET, &cfgs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_is_the_one_that_this_is_compiled_for() {
        let check = |platform: &str, expected: bool| {
            let platform: Platform = platform.parse().unwrap();
            assert_eq!(is_this(&platform), expected, "{platform}");
        };
        check(TARGET, true);
        check("sparc-sun-solaris", false);
        check("cfg(unix)", cfg!(unix));
        check("cfg(windows)", cfg!(windows));
        check("cfg(target_os = \"linux\")", cfg!(target_os = "linux"));
        check(
            "cfg(all(target_env = \"\", target_pointer_width = \"64\"))",
            cfg!(all(target_env = "", target_pointer_width = "64")),
        );
        check(
            "cfg(any(target_feature = \"sse2\", target_feature = \"neon\"))",
            cfg!(any(target_feature = "sse2", target_feature = "neon")),
        );
        check("cfg(any())", false);
    }
}
