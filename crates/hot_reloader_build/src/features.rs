//! What a library is built with besides what its own manifest asks for.
//!
//! Cargo unites features for the packages that it is told to build, and a plugin library is built alone. So it is
//! told what the host and the other libraries ask of the crates that they share: else each would come with another
//! form of them, and types of one name would be several.

use std::collections::HashMap;

use cargo_metadata::{Dependency, DependencyKind, Node, Package, PackageId};

/// What cargo said of all packages.
pub(crate) struct Graph<'a> {
    pub(crate) packages: &'a HashMap<&'a PackageId, &'a Package>,
    pub(crate) nodes: &'a HashMap<&'a PackageId, &'a Node>,
}

/// Who asks for features: a package, and whether it was built with what only its examples and tests need.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) package: &'a Package,
    pub(crate) as_test: bool,
}

impl<'a> Graph<'a> {
    /// What cargo is to turn on for `library`, in its own terms (`feature`, or `dependency/feature`), since one of
    /// `others` asks for it: of the library itself, or of what both need.
    pub(crate) fn asked_by_others(&self, library: &Package, others: &[Asking<'a>]) -> Vec<String> {
        let own: Vec<_> = self.needs(library, false).collect();
        let mut asked = Vec::new();
        for other in others {
            for (id, dependency) in self.needs(other.package, other.as_test) {
                // What a manifest asks for by leaving it out, `default`, not every package has.
                let of_package = &self.packages[id].features;
                let features = features(dependency).filter(|f| of_package.contains_key(*f));
                if *id == library.id {
                    asked.extend(features.map(str::to_owned));
                    continue;
                }
                let Some((_, known)) = own.iter().find(|(own, _)| *own == id) else {
                    continue;
                };
                let name = known.rename.as_ref().unwrap_or(&known.name);
                let is_new = |feature: &&str| !self::features(known).any(|own| own == *feature);
                asked.extend(features.filter(is_new).map(|f| format!("{name}/{f}")));
            }
        }
        asked.sort();
        asked.dedup();
        asked
    }

    /// What a package needs wherever it is built, with what it asks of that.
    fn needs(
        &self,
        package: &'a Package,
        as_test: bool,
    ) -> impl Iterator<Item = (&'a PackageId, &'a Dependency)> + '_ {
        let is_built = move |dependency: &&Dependency| {
            let is_of_code = dependency.kind == DependencyKind::Normal;
            let is_of_test = as_test && dependency.kind == DependencyKind::Development;
            (is_of_code || is_of_test) && !dependency.optional && dependency.target.is_none()
        };
        let dependencies = package.dependencies.iter().filter(is_built);
        dependencies.filter_map(|dependency| Some((self.found(package, dependency)?, dependency)))
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

/// What a manifest asks of a dependency.
fn features(dependency: &Dependency) -> impl Iterator<Item = &str> {
    let default = dependency.uses_default_features.then_some("default");
    let named = dependency.features.iter().map(String::as_str);
    default.into_iter().chain(named)
}
