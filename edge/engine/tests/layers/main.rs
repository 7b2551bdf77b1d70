//! No circle of modules: what a module uses never leads back to it.
//!
//! In each folder its modules are taken whole, with all that is below them, so what one uses of
//! another is a line between two boxes, as a drawing would have it. A `mod.rs` is a box of its own:
//! it may use the modules of its folder, for instance to give their names to others, and then none
//! of these may use it. Tests are left out.

mod reading;

use reading::{Crate, Module, Uses};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What each box of a folder uses of the others, and a line of code's worth of proof for each.
type Drawing<'m> = BTreeMap<&'m [String], BTreeMap<&'m [String], String>>;

/// The boxes of a folder and the lines between them.
fn drawing<'m>(uses: &'m Uses, folder: &[String]) -> Drawing<'m> {
    let mut drawing = Drawing::new();
    for (from, to) in uses {
        if from.starts_with(folder) && to.starts_with(folder) {
            // The module of the folder that it is or is in; the folder itself for its `mod.rs`.
            let in_folder = |module: &'m Module| &module[..module.len().min(folder.len() + 1)];
            if in_folder(from) != in_folder(to) {
                let line = format!("{} uses {}", from.join("::"), to.join("::"));
                let lines = drawing.entry(in_folder(from)).or_default();
                lines.entry(in_folder(to)).or_insert(line);
            }
        }
    }
    drawing
}

/// The lines that lead from one box to another; None where none do. `seen` has boxes that do not.
fn way<'m>(
    drawing: &Drawing<'m>,
    from: &'m [String],
    to: &[String],
    seen: &mut BTreeSet<&'m [String]>,
) -> Option<Vec<String>> {
    if from == to {
        return Some(Vec::new());
    }
    if !seen.insert(from) {
        return None;
    }
    drawing.get(from)?.iter().find_map(|(next, line)| {
        let rest = way(drawing, next, to, seen)?;
        Some([vec![line.clone()], rest].concat())
    })
}

/// One circle through each line that is part of any.
fn circles(uses: &Uses) -> Vec<String> {
    let folders = uses
        .iter()
        .flat_map(|(from, _)| (0..from.len()).map(|len| &from[..len]));
    let mut found = Vec::new();
    for folder in folders.collect::<BTreeSet<_>>() {
        let drawing = drawing(uses, folder);
        for (from, lines) in &drawing {
            for (to, line) in lines {
                if let Some(back) = way(&drawing, to, from, &mut BTreeSet::new()) {
                    found.push([vec![line.clone()], back].concat().join(", "));
                }
            }
        }
    }
    found
}

fn engine() -> Uses {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut engine = Crate::default();
    engine.read(Module::new(), &source.join("lib.rs"), &source);
    engine.uses()
}

#[test]
fn no_circle_of_modules() {
    let uses = engine();
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let known = (module("builder::joining"), module("checks"));
    assert!(uses.contains(&known), "the code is not read");
    let circles = circles(&uses);
    assert!(circles.is_empty(), "circles:\n{}", circles.join("\n"));
}

/// What the code of some modules uses: (module, code).
fn uses_of(modules: &[(&str, &str)]) -> Uses {
    let modules = modules.iter().map(|(path, code)| {
        let names = path.split("::").filter(|name| !name.is_empty());
        let module = names.map(str::to_owned).collect();
        (module, syn::parse_file(code).unwrap())
    });
    Crate(modules.collect()).uses()
}

#[test]
fn every_kind_of_use_closes_a_circle() {
    for code in [
        "use crate::b::Thing;",
        "pub(crate) use super::b;",
        "use std::fs; use crate::{a, b::{self, Thing}};",
        "use super::b::*;",
        "fn f(it: crate::b::Thing) {}",
        "fn f() -> usize { super::b::LIMIT }",
        "fn f() { println!(\"{}\", super::b::LIMIT) }",
        "impl crate::b::Trait for Thing {}",
        "mod inner { use crate::b; }",
    ] {
        let b = ("b", "use crate::c;");
        let circle = [("", ""), ("a", code), b, ("c", "use crate::a::Other;")];
        let found = circles(&uses_of(&circle));
        assert_eq!(found.len(), 3, "{code}: {found:?}");
        assert_eq!(found[0], "a uses b, b uses c, c uses a", "{code}");
        assert_eq!(circles(&uses_of(&circle[..3])), [""; 0], "{code}");
    }
}

#[test]
fn a_folder_is_taken_whole_and_its_own_file_too() {
    let found = circles(&uses_of(&[
        ("", ""),
        ("a", "use low::Low; use std::b;"),
        ("a::high", "use crate::b;"),
        ("a::low", ""),
        ("b", "use crate::a::low;"),
    ]));
    assert_eq!(found[0], "a::high uses b, b uses a::low");
    let found = circles(&uses_of(&[
        ("", ""),
        ("a", "pub use low::Low;"),
        ("a::low", "use super::LIMIT;"),
    ]));
    assert_eq!(found[0], "a uses a::low, a::low uses a");
}

#[test]
fn tests_may_use_anything() {
    let test = "#[cfg(test)] mod tests { use crate::b; }";
    let found = circles(&uses_of(&[("", ""), ("a", test), ("b", "use crate::a;")]));
    assert_eq!(found, [""; 0]);
}
