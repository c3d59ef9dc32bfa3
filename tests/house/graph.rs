//! Which file of src knows which: every path in the code, followed to the file that defines what it names. `mod` and `pub use` are no edges,
//! and neither is what only tests name.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, UseTree, Visibility};

type Path = Vec<String>;

/// A file of src as a module.
struct Module {
    file: String,
    path: Path,
    defined: HashSet<String>,
    /// `pub use`, by name.
    shown: HashMap<String, Path>,
    shown_whole: Vec<Path>,
    /// Every `use`, by name.
    used: HashMap<String, Path>,
    /// What the code names, from the crate's root.
    named: Vec<Path>,
}

/// A function and how long it is.
pub struct Function {
    pub file: String,
    pub name: String,
    pub lines: usize,
}

/// The tree of src.
pub struct Graph {
    pub edges: BTreeMap<String, BTreeSet<String>>,
    pub functions: Vec<Function>,
    /// Types by name, with the files that define one of it.
    pub types: BTreeMap<String, Vec<String>>,
}

/// Reads these files of src: path and text.
pub fn read<'f>(files: impl Iterator<Item = (&'f str, &'f str)>) -> Graph {
    let (mut modules, mut functions, mut types) = (HashMap::new(), Vec::new(), BTreeMap::<String, Vec<String>>::new());
    for (file, text) in files {
        if file.ends_with("/tests.rs") || file.contains("/tests/") {
            continue;
        }
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let module = Module::read(file, &parsed, &mut functions);
        for item in parsed.items.iter().filter(|i| !is_for_tests(attributes(i))) {
            if let Item::Struct(_) | Item::Enum(_) | Item::Trait(_) | Item::Type(_) = item
                && let Some(name) = name_of(item)
            {
                types.entry(name).or_default().push(file.to_string());
            }
        }
        modules.insert(module.path.clone(), module);
    }
    let mut edges = BTreeMap::<String, BTreeSet<String>>::new();
    for module in modules.values() {
        let to = module.named.iter().filter_map(|path| defining_file(&modules, path, 0)).filter(|to| *to != module.file);
        edges.entry(module.file.clone()).or_default().extend(to);
    }
    Graph { edges, functions, types }
}

impl Graph {
    /// Sets of files that know each other in a circle.
    pub fn circles(&self) -> Vec<BTreeSet<String>> {
        let mut graph = DiGraph::<&str, ()>::new();
        let nodes: HashMap<&str, _> = self.edges.keys().map(|file| (file.as_str(), graph.add_node(file.as_str()))).collect();
        for (from, all) in &self.edges {
            for to in all.iter().filter_map(|to| nodes.get(to.as_str())) {
                graph.add_edge(nodes[from.as_str()], *to, ());
            }
        }
        let circles = tarjan_scc(&graph).into_iter().filter(|c| c.len() > 1);
        circles.map(|circle| circle.into_iter().map(|n| graph[n].to_string()).collect()).collect()
    }
}

/// Follows a path from the crate's root to the file that defines what it names.
fn defining_file(modules: &HashMap<Path, Module>, path: &[String], depth: usize) -> Option<String> {
    let mut at = Path::new();
    for (i, segment) in path.iter().enumerate() {
        let module = modules.get(&at)?;
        let mut child = at.clone();
        child.push(segment.clone());
        if modules.contains_key(&child) {
            at = child;
            continue;
        }
        if module.defined.contains(segment) {
            return Some(module.file.clone());
        }
        if depth > 8 {
            return None;
        }
        let rest = &path[i + 1..];
        if let Some(target) = module.shown.get(segment) {
            return defining_file(modules, &[target, rest].concat(), depth + 1);
        }
        let through = |whole: &Path| defining_file(modules, &[whole.as_slice(), &path[i..]].concat(), depth + 1);
        return module.shown_whole.iter().find_map(through);
    }
    // A module by itself, that holds something of its own.
    modules.get(&at).filter(|m| !m.defined.is_empty()).map(|m| m.file.clone())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| {
        let said = |list: &syn::MetaList| list.tokens.to_string();
        a.path().is_ident("test")
            || a.path().is_ident("cfg") && a.meta.require_list().is_ok_and(|l| said(l).split(' ').any(|t| t == "test"))
    })
}

fn name_of(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(i) => i.ident.to_string(),
        Item::Enum(i) => i.ident.to_string(),
        Item::Fn(i) => i.sig.ident.to_string(),
        Item::Static(i) => i.ident.to_string(),
        Item::Struct(i) => i.ident.to_string(),
        Item::Trait(i) => i.ident.to_string(),
        Item::Type(i) => i.ident.to_string(),
        Item::Macro(i) => i.ident.as_ref()?.to_string(),
        Item::Mod(i) if i.content.is_some() => i.ident.to_string(),
        _ => return None,
    })
}

impl Module {
    fn read(file: &str, parsed: &syn::File, functions: &mut Vec<Function>) -> Module {
        let mut path: Path = file.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_string).collect();
        if matches!(path.last().map(String::as_str), Some("mod" | "lib")) {
            path.pop();
        }
        let mut module = Module {
            file: file.to_string(),
            path,
            defined: HashSet::new(),
            shown: HashMap::new(),
            shown_whole: Vec::new(),
            used: HashMap::new(),
            named: Vec::new(),
        };
        let items = || parsed.items.iter().filter(|i| !is_for_tests(attributes(i)));
        module.defined.extend(items().filter_map(name_of));
        for item in items() {
            if let Item::Use(item) = item {
                module.take_use(&item.tree, Path::new(), !matches!(item.vis, Visibility::Inherited));
            }
        }
        let mut names = Names { file, names: Vec::new(), functions };
        items().filter(|i| !matches!(i, Item::Use(_))).for_each(|i| names.visit_item(i));
        let absolute: Vec<Path> = names.names.iter().filter_map(|path| module.absolute(path)).collect();
        module.named.extend(absolute);
        module
    }

    fn take_use(&mut self, tree: &UseTree, before: Path, public: bool) {
        let with = |name: &syn::Ident| [before.as_slice(), &[name.to_string()]].concat();
        match tree {
            UseTree::Path(p) => self.take_use(&p.tree, with(&p.ident), public),
            UseTree::Group(g) => g.items.iter().for_each(|t| self.take_use(t, before.clone(), public)),
            UseTree::Glob(_) => {
                if let Some(path) = self.absolute(&before)
                    && public
                {
                    self.shown_whole.push(path);
                }
            }
            UseTree::Name(n) if n.ident == "self" => {
                let name = before.last().cloned().unwrap_or_default();
                self.note_use(name, before, public);
            }
            UseTree::Name(n) => self.note_use(n.ident.to_string(), with(&n.ident), public),
            UseTree::Rename(r) => self.note_use(r.rename.to_string(), with(&r.ident), public),
        }
    }

    fn note_use(&mut self, name: String, path: Path, public: bool) {
        let Some(path) = self.absolute(&path) else { return };
        match public {
            true => drop(self.shown.insert(name.clone(), path.clone())),
            false => self.named.push(path.clone()),
        }
        self.used.insert(name, path);
    }

    /// A path of this file from the crate's root; `None` if it leads out of the crate.
    fn absolute(&self, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([self.path.as_slice(), rest].concat()),
            "super" => {
                let up = path.iter().take_while(|s| *s == "super").count();
                let base = self.path.get(..self.path.len().checked_sub(up)?)?;
                Some([base, &path[up..]].concat())
            }
            name => match self.used.get(name) {
                Some(used) => Some([used.as_slice(), rest].concat()),
                // A module below this one, or nothing of ours.
                None => Some([self.path.as_slice(), path].concat()).filter(|_| path.len() > 1 || self.shown.contains_key(name)),
            },
        }
    }
}

/// Every path in the code, and every function.
struct Names<'m> {
    file: &'m str,
    names: Vec<Path>,
    functions: &'m mut Vec<Function>,
}

impl Names<'_> {
    fn function(&mut self, name: &syn::Ident, whole: proc_macro2::Span) {
        let lines = whole.end().line - whole.start().line + 1;
        self.functions.push(Function { file: self.file.to_string(), name: name.to_string(), lines });
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.names.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    /// `pub(super)` says who may see a thing, and knows nothing of its parent.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        let span = item.sig.fn_token.span.join(item.block.brace_token.span.close()).unwrap_or(item.sig.fn_token.span);
        self.function(&item.sig.ident, span);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if let ImplItem::Fn(f) = item {
            if is_for_tests(&f.attrs) {
                return;
            }
            let span = f.sig.fn_token.span.join(f.block.brace_token.span.close()).unwrap_or(f.sig.fn_token.span);
            self.function(&f.sig.ident, span);
        }
        visit::visit_impl_item(self, item);
    }
}
