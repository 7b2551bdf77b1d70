//! Which module of a crate uses which, read from its code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ItemMod, ItemUse, Macro, Token, UseTree, punctuated::Punctuated};

/// A module as its names from the root of the crate.
pub type Module = Vec<String>;

/// What uses what.
pub type Uses = BTreeSet<(Module, Module)>;

/// All modules of a crate with their code.
#[derive(Default)]
pub struct Crate(pub BTreeMap<Module, syn::File>);

impl Crate {
    /// Reads a module and all below it. `folder` is where the files of those below are.
    pub fn read(&mut self, module: Module, file: &Path, folder: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        let code = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        for item in &code.items {
            if let syn::Item::Mod(item) = item
                && item.content.is_none()
                && !is_test(&item.attrs)
            {
                let name = item.ident.to_string();
                let below = folder.join(&name);
                let files = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
                let file: Vec<PathBuf> = files.into_iter().filter(|file| file.exists()).collect();
                assert_eq!(file.len(), 1, "one file of module {name} in {folder:?}");
                self.read([&module[..], &[name]].concat(), &file[0], &below);
            }
        }
        self.0.insert(module, code);
    }

    pub fn uses(&self) -> Uses {
        let mut uses = Uses::new();
        for (module, code) in &self.0 {
            let mut reader = Reader {
                modules: &self.0,
                module,
                uses: &mut uses,
            };
            reader.visit_file(code);
        }
        uses
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |attribute: &Attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|path| path.is_ident("test"))
    };
    attributes.iter().any(is_test)
}

/// Notes what the code of one module uses.
struct Reader<'c> {
    modules: &'c BTreeMap<Module, syn::File>,
    module: &'c Module,
    uses: &'c mut Uses,
}

impl Reader<'_> {
    /// Notes the module that a path leads to, if it is one of this crate.
    fn note(&mut self, names: &[String]) {
        let mut at = self.module.clone();
        let mut rest = names;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "self" => (),
                "super" => drop(at.pop()),
                _ => break,
            }
            rest = after;
        }
        let is_relative = rest.len() < names.len();
        let start = at.len();
        for name in rest {
            at.push(name.clone());
            if !self.modules.contains_key(&at) {
                at.pop();
                break;
            }
        }
        // Another path begins with a module below this one, or with a crate.
        if (is_relative || at.len() > start) && at != *self.module {
            self.uses.insert((self.module.clone(), at));
        }
    }

    fn note_tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.note_tree(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.note_tree(before, tree);
                }
            }
            UseTree::Name(name) if name.ident == "self" => self.note(before),
            UseTree::Name(name) => {
                self.note(&[&before[..], &[name.ident.to_string()]].concat());
            }
            UseTree::Rename(name) => {
                self.note(&[&before[..], &[name.ident.to_string()]].concat());
            }
            UseTree::Glob(_) => self.note(before),
        }
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.note_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        if names.len() > 1 {
            self.note(&names);
        }
        visit::visit_path(self, path);
    }

    /// Most macros take expressions.
    fn visit_macro(&mut self, called: &'a Macro) {
        let arguments = called.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        for argument in arguments.iter().flatten() {
            Reader {
                modules: self.modules,
                module: self.module,
                uses: self.uses,
            }
            .visit_expr(argument);
        }
    }
}
