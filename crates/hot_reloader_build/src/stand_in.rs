//! What a plugin library is linked against in the place of large shared libraries.
//!
//! A linker reads all symbols of each library that it is given. Bevy's has more than 100,000, of which a plugin library
//! uses some hundred, and to read them takes a tenth of what an edit costs. So a *stand-in* has those that the plugin
//! library used when the compiler got ready, and `lld` is told to read that one (`--remap-inputs-file`, since LLVM 17).
//! What else an edit uses stays open, as the linker lets it in any shared library, and is found where all of them are: in the
//! library itself, when the plugin library is loaded.

use std::{
    collections::{hash_map::Entry, HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
};

use object::{
    elf::{self, Dyn64, FileHeader64, Ident, SectionHeader64, Sym64},
    endian::{U16, U32, U64},
    pod::{bytes_of, bytes_of_slice},
    read::elf::{Dyn, ElfFile64},
    LittleEndian as Little, Object, ObjectSection, ObjectSymbol, SymbolFlags,
};

use crate::unit::UnitCommand;

/// The first `lld` that can be told of stand-ins.
const SINCE: u32 = 17;

/// What arguments have in them that name another linker, or have it refuse symbols that are open.
const AGAINST: [&str; 3] = ["linker", "undefined", "defs"];

/// What has a meaning in a list of stand-ins, and so cannot be in a path.
const SPECIAL: [char; 6] = ['=', '?', '*', '[', '\\', '\n'];

/// The contents of shared libraries by their paths. They are large, and the same for all plugin libraries.
pub(crate) type Shared = HashMap<PathBuf, Vec<u8>>;

/// Libraries with a part of the symbols of others.
#[derive(Clone, Debug)]
pub(crate) struct StandIns {
    /// The file that says which is read in the place of which.
    list: PathBuf,
    libraries: Vec<PathBuf>,
}

impl StandIns {
    /// Makes those in `folder` for what `library` was linked against by `command`: none if the linker does not know of such, or
    /// anything else is in the way. Then it reads all.
    pub(crate) fn make(
        library: &Path,
        command: &UnitCommand,
        folder: &Path,
        shared: &mut Shared,
    ) -> Option<Self> {
        let mut arguments = command.arguments.iter();
        let is_against = arguments.any(|a| AGAINST.iter().any(|against| a.contains(against)));
        let from = command.out_dir().filter(|_| !is_against)?;
        Self::write(library, from, folder, shared).ok()?
    }

    /// For the libraries in the folder `from`.
    fn write(
        library: &Path,
        from: &Path,
        folder: &Path,
        shared: &mut Shared,
    ) -> io::Result<Option<Self>> {
        let data = fs::read(library)?;
        let file = ElfFile64::<Little>::parse(&*data).map_err(io::Error::other)?;
        if lld_of(&file).is_none_or(|version| version < SINCE) {
            return Ok(None);
        }
        let (names, used) = needs(&file, &data).map_err(io::Error::other)?;
        fs::create_dir_all(folder)?;
        let (mut lines, mut libraries) = (String::new(), Vec::new());
        for name in names {
            let path = from.join(&name);
            // The system's are elsewhere, and small.
            let Ok(whole) = fs::canonicalize(&path) else {
                continue;
            };
            let library = folder.join(&name);
            let content = match shared.entry(path.clone()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(fs::read(&path)?),
            };
            let stand_in = stand_in_for(content, &name, &used);
            fs::write(&library, stand_in.map_err(io::Error::other)?)?;
            // The compiler may name it either way.
            for from in [&path, &whole] {
                let [Some(from), Some(to)] = [from, &library].map(|path| path.to_str()) else {
                    return Ok(None);
                };
                if from.contains(SPECIAL) || to.contains(SPECIAL) {
                    return Ok(None);
                }
                lines += &format!("{from}={to}\n");
            }
            libraries.push(library);
        }
        let list = folder.join("list");
        fs::write(&list, lines)?;
        Ok(Some(Self { list, libraries }))
    }

    /// What tells the compiler to have them used, as long as they are there.
    pub(crate) fn arguments(&self) -> Vec<String> {
        if !self.list.exists() || !self.libraries.iter().all(|library| library.exists()) {
            return Vec::new();
        }
        let list = format!("--remap-inputs-file={}", self.list.display());
        // Needed even if nothing that they have is used any more: what is used may be in the library itself.
        let options = [list, "--no-as-needed".to_owned()];
        let options = options.into_iter().flat_map(|o| ["-Xlinker".to_owned(), o]);
        let libraries = self.libraries.iter().map(|l| l.display().to_string());
        let arguments = options.chain(libraries);
        arguments
            .flat_map(|argument| ["-C".to_owned(), format!("link-arg={argument}")])
            .collect()
    }
}

/// The version of `lld`, if it linked that.
fn lld_of(file: &ElfFile64<'_, Little>) -> Option<u32> {
    let comment = file.section_by_name(".comment")?.data().ok()?;
    let comment = String::from_utf8_lossy(comment);
    let (_, version) = comment.split_once("LLD ")?;
    version.split('.').next()?.parse().ok()
}

/// The names of the libraries that a library needs, and of the symbols that it looks for in them.
fn needs<'a>(
    file: &ElfFile64<'a, Little>,
    data: &'a [u8],
) -> object::Result<(Vec<String>, HashSet<&'a [u8]>)> {
    let sections = file.elf_section_table();
    let mut names = Vec::new();
    if let Some((entries, link)) = sections.dynamic(Little, data)? {
        let strings = sections.strings(Little, data, link)?;
        for entry in entries {
            if entry.tag32(Little) == Some(elf::DT_NEEDED) {
                let name = entry.string(Little, strings)?;
                names.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }
    let symbols = file.dynamic_symbols().filter(ObjectSymbol::is_undefined);
    let used = symbols.map(|symbol| symbol.name_bytes());
    Ok((names, used.collect::<Result<_, _>>()?))
}

/// A shared library of that name, as far as a linker reads it, with those symbols of `shared` that are `used`.
fn stand_in_for(shared: &[u8], name: &str, used: &HashSet<&[u8]>) -> object::Result<Vec<u8>> {
    let mut strings = vec![0];
    let mut text = |text: &[u8]| {
        let at = U32::new(Little, strings.len() as u32);
        strings.extend_from_slice(text);
        strings.push(0);
        at
    };
    let dynamic = [
        (elf::DT_SONAME, text(name.as_bytes())),
        (elf::DT_NULL, U32::new(Little, 0)),
    ];
    let mut symbols = vec![symbol(U32::new(Little, 0), 0, elf::SHN_UNDEF)];
    let file = ElfFile64::<Little>::parse(shared)?;
    for defined in file.dynamic_symbols().filter(|s| !s.is_undefined()) {
        let name = defined.name_bytes()?;
        if let (true, SymbolFlags::Elf { st_info, .. }) = (used.contains(name), defined.flags()) {
            symbols.push(symbol(text(name), st_info, 1));
        }
    }
    let dynamic = dynamic.map(|(tag, value)| Dyn64 {
        d_tag: U64::new(Little, tag.into()),
        d_val: U64::new(Little, value.get(Little).into()),
    });
    strings.resize(strings.len().next_multiple_of(8), 0);
    let parts: [(u32, u64, &[u8]); 3] = [
        (elf::SHT_STRTAB, 0, &strings),
        (
            elf::SHT_DYNSYM,
            size_of::<Sym64<Little>>() as u64,
            bytes_of_slice(&symbols),
        ),
        (
            elf::SHT_DYNAMIC,
            size_of::<Dyn64<Little>>() as u64,
            bytes_of_slice(&dynamic),
        ),
    ];
    let mut at = size_of::<FileHeader64<Little>>();
    let mut sections = vec![section(elf::SHT_NULL, 0, 0, 0)];
    let mut contents = Vec::new();
    for (kind, size_of_entry, content) in parts {
        sections.push(section(kind, at, content.len(), size_of_entry));
        contents.extend_from_slice(content);
        at += content.len();
    }
    let header = header(file.elf_header().e_machine, at, sections.len());
    Ok([bytes_of(&header), &contents, bytes_of_slice(&sections)].concat())
}

fn symbol(name: U32<Little>, info: u8, section: u16) -> Sym64<Little> {
    Sym64 {
        st_name: name,
        st_info: info,
        st_other: 0,
        st_shndx: U16::new(Little, section),
        st_value: U64::new(Little, 0),
        st_size: U64::new(Little, 0),
    }
}

/// A section, whose texts are in the first one.
fn section(kind: u32, at: usize, size: usize, size_of_entry: u64) -> SectionHeader64<Little> {
    let has_texts = size_of_entry > 0;
    SectionHeader64 {
        sh_name: U32::new(Little, 0),
        sh_type: U32::new(Little, kind),
        sh_flags: U64::new(Little, elf::SHF_ALLOC.into()),
        sh_addr: U64::new(Little, 0),
        sh_offset: U64::new(Little, at as u64),
        sh_size: U64::new(Little, size as u64),
        sh_link: U32::new(Little, has_texts.into()),
        // Of the symbols, the first that others see.
        sh_info: U32::new(Little, (kind == elf::SHT_DYNSYM).into()),
        sh_addralign: U64::new(Little, 8),
        sh_entsize: U64::new(Little, size_of_entry),
    }
}

fn header(machine: U16<Little>, sections: usize, count: usize) -> FileHeader64<Little> {
    FileHeader64 {
        e_ident: Ident {
            magic: elf::ELFMAG,
            class: elf::ELFCLASS64,
            data: elf::ELFDATA2LSB,
            version: elf::EV_CURRENT,
            os_abi: elf::ELFOSABI_NONE,
            abi_version: 0,
            padding: [0; 7],
        },
        e_type: U16::new(Little, elf::ET_DYN),
        e_machine: machine,
        e_version: U32::new(Little, elf::EV_CURRENT.into()),
        e_entry: U64::new(Little, 0),
        e_phoff: U64::new(Little, 0),
        e_shoff: U64::new(Little, sections as u64),
        e_flags: U32::new(Little, 0),
        e_ehsize: U16::new(Little, size_of::<FileHeader64<Little>>() as u16),
        e_phentsize: U16::new(Little, 0),
        e_phnum: U16::new(Little, 0),
        e_shentsize: U16::new(Little, size_of::<SectionHeader64<Little>>() as u16),
        e_shnum: U16::new(Little, count as u16),
        e_shstrndx: U16::new(Little, 0),
    }
}

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
#[expect(unsafe_code, reason = "it loads a library and asks it")]
mod tests {
    use std::process::Command;

    use super::*;

    const PART: &str =
        "int one(void) { return 1; } int two(void) { return 2; } _Thread_local int three = 3;";
    const LIBRARY: &str = "
        #[link(name = \"part\")]
        unsafe extern \"C\" { fn one() -> i32; }
        #[unsafe(no_mangle)]
        pub extern \"C\" fn answer() -> i32 { unsafe { one() } }";

    fn run(program: &str, folder: &Path, arguments: &[&str]) {
        let status = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .status();
        assert!(status.unwrap().success(), "{program} {arguments:?}");
    }

    fn compile(folder: &Path, further: &[String]) -> PathBuf {
        let path = format!("link-arg=-Wl,-rpath,{}", folder.join("shared").display());
        let mut arguments = vec!["--crate-type=cdylib", "--edition=2024", "-Lshared"];
        arguments.extend(["-C", &path, "library.rs"]);
        arguments.extend(further.iter().map(String::as_str));
        run("rustc", folder, &arguments);
        folder.join("liblibrary.so")
    }

    fn answer(library: &Path) -> i32 {
        // Under another name, or the loader returns the one before.
        let copy = library.with_extension(format!(
            "{}.so",
            fs::read_dir(library.parent().unwrap()).unwrap().count()
        ));
        fs::copy(library, &copy).unwrap();
        // SAFETY: the function is the one above.
        unsafe {
            let library = libloading::Library::new(copy).unwrap();
            let function: libloading::Symbol<'_, extern "C" fn() -> i32> =
                library.get(b"answer").unwrap();
            function()
        }
    }

    /// The real library is spoilt while the linker runs, so it is not what is read.
    #[test]
    fn the_linker_reads_a_stand_in_and_the_loader_the_library_with_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let [part, shared] = ["shared/libpart.so", "shared"].map(|path| folder.join(path));
        fs::create_dir(&shared).unwrap();
        fs::write(folder.join("part.c"), PART).unwrap();
        fs::write(folder.join("library.rs"), LIBRARY).unwrap();
        run(
            "cc",
            folder,
            &["-shared", "-fPIC", "part.c", "-o", "shared/libpart.so"],
        );
        let library = compile(folder, &[]);
        assert_eq!(answer(&library), 1);

        let command = |further: &str| {
            let line =
                format!("Running `/rustc --crate-name library --crate-type cdylib {further}`");
            UnitCommand::parse(&line).unwrap()
        };
        let out = format!("--out-dir {}", shared.display());
        let ours = folder.join("ours");
        let made = StandIns::make(&library, &command(&out), &ours, &mut Shared::new())
            .expect("rustc links with lld");
        let listed = format!("shared/libpart.so={}\n", ours.join("libpart.so").display());
        fs::write(
            &made.list,
            fs::read_to_string(&made.list).unwrap() + &listed,
        )
        .unwrap();
        let whole = fs::read(&part).unwrap();
        for (text, expected) in [
            (LIBRARY.to_owned(), 1),
            // What it did not use before is found all the same.
            (
                LIBRARY
                    .replace("fn one", "fn two")
                    .replace("one()", "two()"),
                2,
            ),
        ] {
            fs::write(folder.join("library.rs"), text).unwrap();
            fs::write(&part, "spoilt").unwrap();
            let library = compile(folder, &made.arguments());
            fs::write(&part, &whole).unwrap();
            assert_eq!(answer(&library), expected);
        }
        fs::remove_file(ours.join("libpart.so")).unwrap();
        assert_eq!(made.arguments(), [""; 0]);
        for own in [
            "-Clinker=ld",
            "-C link-arg=-fuse-ld=mold -C linker-flavor=gcc",
            "-C link-arg=-Wl,--no-undefined",
            "-Clink-arg=-Wl,-z,defs",
        ] {
            let own = command(&format!("{out} {own}"));
            let made = StandIns::make(&library, &own, &ours, &mut Shared::new());
            assert!(made.is_none(), "{own:?}");
        }
    }
}
