//! `cargo xtask policy`: rules of the workspace that neither compiler nor clippy knows.

use std::time::Instant;

use anyhow::Result;
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use crate::report::{Report, Row};
use crate::source::Source;
use crate::workspace::{self, UNSAFE_CRATE};

/// The only files that name operating systems.
const OS_FILES: [&str; 3] =
    ["poll-sys/src/lib.rs", "poll-core/src/backend/mod.rs", "xtask/src/targets.rs"];

/// Names that may not stand in a public signature above poll-sys.
const RAW: [&str; 2] = ["RawFd", "libc"];

/// Looks at one file, parsed and as text; every string is a broken rule with its place.
type Rule = fn(&Source, &str) -> Vec<String>;

/// Words that promise work instead of doing it.
const PROMISES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Runs the subcommand.
///
/// # Errors
/// When a source file cannot be read or parsed.
pub(crate) fn run() -> Result<Report> {
    let rules: [(&str, Rule); 3] = [
        ("systems are named in three files", operating_systems),
        ("no raw descriptor in public signatures", raw_descriptors),
        ("nothing is left for later", promises),
    ];
    let files = workspace::sources()?;
    let mut report = Report::new("Policies", &["files"]);
    let mut sources = Vec::new();
    for file in &files {
        sources.push((Source::parse(&file.path, &file.text)?, file.text.as_str()));
    }
    for (name, rule) in rules {
        let begun = Instant::now();
        let broken: Vec<String> =
            sources.iter().flat_map(|(source, text)| rule(source, text)).collect();
        let row = match broken.is_empty() {
            true => Row::passed(name),
            false => Row::failed(name, broken.join("\n")),
        };
        report.rows.push(row.cells([files.len().to_string()]).took(begun.elapsed()));
    }
    Ok(report)
}

fn operating_systems(source: &Source, _: &str) -> Vec<String> {
    if OS_FILES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    idents(source.tokens.clone(), &mut |ident| {
        if ident == "target_os" || ident == "target_vendor" {
            lines.push(ident.span().start().line);
        }
    });
    let remedy = "name an interface here and choose it in one of";
    let files = OS_FILES.join(", ");
    lines.iter().map(|line| format!("{}:{line}: {remedy} {files}", source.path)).collect()
}

fn raw_descriptors(source: &Source, _: &str) -> Vec<String> {
    let above = source.path.starts_with("poll-") && source.path.contains("/src/");
    if !above || source.path.starts_with(UNSAFE_CRATE) {
        return Vec::new();
    }
    let mut signatures = Signatures { found: Vec::new() };
    signatures.visit_file(&source.file);
    let text = "in a public signature; take `BorrowedFd` or `OwnedFd`";
    let shown = signatures.found.iter();
    shown.map(|(line, name)| format!("{}:{line}: `{name}` {text}", source.path)).collect()
}

fn promises(source: &Source, text: &str) -> Vec<String> {
    let lines = text.lines().enumerate();
    let found = lines.filter(|(_, line)| {
        let mut words = line.split(|c: char| !c.is_alphanumeric());
        line.contains("//") && words.any(|word| PROMISES.contains(&word))
    });
    found.map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim())).collect()
}

fn idents(tokens: TokenStream, found: &mut impl FnMut(&proc_macro2::Ident)) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => found(&ident),
            TokenTree::Group(group) => idents(group.stream(), found),
            _ => {}
        }
    }
}

/// Finds raw names in the types of public functions and fields.
struct Signatures {
    found: Vec<(usize, String)>,
}

impl Signatures {
    fn look(&mut self, public: &syn::Visibility, look: impl FnOnce(&mut RawNames)) {
        if matches!(public, syn::Visibility::Public(_)) {
            let mut names = RawNames(&mut self.found);
            look(&mut names);
        }
    }
}

impl<'ast> Visit<'ast> for Signatures {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.look(&item.vis, |names| names.visit_signature(&item.sig));
    }
    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.look(&item.vis, |names| names.visit_signature(&item.sig));
    }
    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.look(&field.vis, |names| names.visit_type(&field.ty));
    }
    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.look(&item.vis, |names| visit::visit_item_trait(names, item));
    }
}

struct RawNames<'a>(&'a mut Vec<(usize, String)>);

impl<'ast> Visit<'ast> for RawNames<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        for segment in &path.segments {
            if RAW.iter().any(|raw| segment.ident == raw) {
                self.0.push((segment.ident.span().start().line, segment.ident.to_string()));
            }
        }
        visit::visit_path(self, path);
    }
    // What a body does is its own affair.
    fn visit_block(&mut self, _: &'ast syn::Block) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(rule: Rule, path: &str, text: &str) -> usize {
        rule(&Source::parse(path, text).unwrap(), text).len()
    }

    #[test]
    fn a_system_may_be_named_in_three_files_only() {
        let text = "#[cfg(target_os = \"linux\")]\nmod epoll;";
        assert_eq!(broken(operating_systems, "poll-core/src/poller.rs", text), 1);
        assert_eq!(broken(operating_systems, "poll-core/src/backend/mod.rs", text), 0);
        assert_eq!(broken(operating_systems, "poll-sys/src/lib.rs", text), 0);
        assert_eq!(broken(operating_systems, "poll-sys/src/system_linux.rs", text), 1);
        let text = "fn f() -> bool { cfg!(target_os = \"linux\") }";
        assert_eq!(broken(operating_systems, "poll-net/src/tcp.rs", text), 1);
    }

    #[test]
    fn raw_names_are_refused_in_public_signatures_above_poll_sys_only() {
        let text = "pub fn f(fd: RawFd) {}\nimpl S { pub fn g() -> libc::c_int { 0 } }\n\
                    pub struct T { pub fd: RawFd }\npub trait U { fn h(fd: RawFd); }";
        assert_eq!(broken(raw_descriptors, "poll-net/src/tcp.rs", text), 4);
        assert_eq!(broken(raw_descriptors, "poll-sys/src/tcp.rs", text), 0);
        let text = "pub(crate) fn f(fd: RawFd) {}\npub fn g() { let fd: RawFd = 0; }\n\
                    impl AsRawFd for S { fn as_raw_fd(&self) -> RawFd { 0 } }";
        assert_eq!(broken(raw_descriptors, "poll-net/src/tcp.rs", text), 0);
    }

    #[test]
    fn a_promise_is_found() {
        assert_eq!(broken(promises, "f.rs", concat!("// TO", "DO: later")), 1);
        assert_eq!(broken(promises, "f.rs", "// nothing todo here"), 0);
    }
}
