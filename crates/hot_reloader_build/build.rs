//! Tells the crate which platform it is built for, and in which profile.

use std::{env, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = env::var("TARGET").expect("cargo sets TARGET for build scripts");
    println!("cargo:rustc-env=HOT_RELOADER_TARGET={target}");
    // It is `<profile>/build/<package>/out`.
    let out = env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let profile = Path::new(&out).ancestors().nth(3);
    let profile = profile.and_then(|folder| folder.file_name()?.to_str());
    println!(
        "cargo:rustc-env=HOT_RELOADER_PROFILE={}",
        profile.unwrap_or("debug")
    );
    let variables = env::vars_os();
    let variables = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut cfgs: Vec<String> = variables.flat_map(cfgs_of).collect();
    cfgs.sort();
    println!("cargo:rustc-env=HOT_RELOADER_CFGS={}", cfgs.join(";"));
}

/// What cargo says of the platform by a variable, as `cfg` has it: `unix`, `target_os="linux"`.
fn cfgs_of((name, value): (String, String)) -> Vec<String> {
    let Some(name) = name.strip_prefix("CARGO_CFG_").map(str::to_lowercase) else {
        return Vec::new();
    };
    let values = value.split(',');
    let mut cfgs: Vec<String> = values.map(|v| format!("{name}=\"{v}\"")).collect();
    // It may also be one that has no values.
    cfgs.extend(value.is_empty().then_some(name));
    cfgs
}
