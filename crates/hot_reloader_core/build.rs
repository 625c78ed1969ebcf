//! Tells the crate which compiler builds it, because host and plugin library must come from one.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC for build scripts");
    let output = Command::new(&rustc)
        .arg("--version")
        .output()
        .unwrap_or_else(|error| panic!("{} --version: {error}", rustc.display()));
    let version = String::from_utf8_lossy(&output.stdout);
    println!("cargo:rustc-env=HOT_RELOADER_RUSTC={}", version.trim());
    let target = env::var("TARGET").expect("cargo sets TARGET for build scripts");
    println!("cargo:rustc-env=HOT_RELOADER_TARGET={target}");
}
