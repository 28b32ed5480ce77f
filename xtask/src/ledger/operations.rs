//! Which expressions of an unsafe block need it, as far as syntax tells.
//!
//! Types are clippy's business (`multiple_unsafe_ops_per_block` is denied as well). This reader
//! names the operation for the ledger and catches what is plain without types.

use std::collections::BTreeSet;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Unsafe functions and methods of the standard library that poll-sys may come to use.
const STD: [&str; 24] = [
    "add",
    "as_mut_unchecked",
    "as_ref_unchecked",
    "assume_init",
    "assume_init_mut",
    "assume_init_read",
    "assume_init_ref",
    "borrow_raw",
    "byte_add",
    "copy_from_nonoverlapping",
    "copy_nonoverlapping",
    "from_raw",
    "from_raw_fd",
    "from_raw_parts",
    "from_raw_parts_mut",
    "get_unchecked",
    "get_unchecked_mut",
    "offset",
    "read_unaligned",
    "read_volatile",
    "set_len",
    "transmute",
    "write_unaligned",
    "zeroed",
];

/// What one `unsafe { … }` does.
pub(super) struct Operations {
    /// Every operation that is known to need the block.
    pub(super) known: Vec<String>,
    /// The block's outermost call, for the case that none is known.
    pub(super) outermost: String,
    /// A macro inside the block: it could hide more.
    pub(super) macros: bool,
}

impl Operations {
    /// Reads a block, given the names of the crate's own unsafe functions.
    pub(super) fn read(block: &syn::Block, own: &BTreeSet<String>) -> Self {
        let mut finder = Finder { own, known: Vec::new(), calls: Vec::new(), macros: false };
        finder.visit_block(block);
        let text = || block.stmts.first().and_then(|s| s.span().source_text()).unwrap_or_default();
        let outermost = finder.calls.into_iter().next().unwrap_or_else(text);
        Self { known: finder.known, outermost, macros: finder.macros }
    }

    /// The name that goes into the ledger.
    pub(super) fn name(&self) -> String {
        let name = self.known.first().unwrap_or(&self.outermost);
        name.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

struct Finder<'a> {
    own: &'a BTreeSet<String>,
    known: Vec<String>,
    calls: Vec<String>,
    macros: bool,
}

impl Finder<'_> {
    fn call(&mut self, last: &str, path: &str) {
        self.calls.push(path.to_owned());
        let libc = path.starts_with("libc::") && !safe_in_libc(last);
        if libc || STD.contains(&last) || self.own.contains(last) {
            self.known.push(path.to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(function) = &*call.func {
            if let Some(last) = function.path.segments.last() {
                let path = path_text(&function.path);
                self.call(&last.ident.to_string(), &path);
            }
        } else {
            let text = call.func.span().source_text().unwrap_or_default();
            self.calls.push(text);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        self.call(&name, &name);
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        if matches!(unary.op, syn::UnOp::Deref(_)) {
            self.known.push(unary.span().source_text().unwrap_or_else(|| "*".to_owned()));
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if called.path.is_ident("asm") {
            // One operation, and nothing in it that Rust would have to see.
            self.known.push("asm!".to_owned());
        } else {
            self.macros = true;
        }
    }

    // A block of its own, with a proof of its own.
    fn visit_expr_unsafe(&mut self, _: &'ast syn::ExprUnsafe) {}
}

/// `a::b::c` without generic arguments.
pub(super) fn path_text(path: &syn::Path) -> String {
    let names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    names.join("::")
}

/// Macros of the C library that the `libc` crate turned into safe functions, and tuple structs.
fn safe_in_libc(name: &str) -> bool {
    let status = name.starts_with('W') && name.chars().all(|c| c.is_ascii_uppercase());
    status || ["major", "makedev", "minor", "SIGRTMAX", "SIGRTMIN"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(block: &str) -> Vec<String> {
        let own = BTreeSet::from(["raw_wait".to_owned()]);
        Operations::read(&syn::parse_str(block).unwrap(), &own).known
    }

    #[test]
    fn safe_calls_in_the_arguments_are_no_operations() {
        assert_eq!(known("{ libc::dup(fd.as_raw_fd()) }"), ["libc::dup"]);
        assert_eq!(known("{ OwnedFd::from_raw_fd(fd) }"), ["OwnedFd::from_raw_fd"]);
    }

    #[test]
    fn the_crates_own_unsafe_functions_and_dereferences_count() {
        assert_eq!(known("{ raw_wait(*list) }"), ["raw_wait", "*list"]);
    }

    #[test]
    fn assembly_is_one_operation_and_any_other_macro_could_hide_more() {
        let read = |block| Operations::read(&syn::parse_str(block).unwrap(), &BTreeSet::new());
        let assembly = read("{ asm!(\"syscall\", in(\"rdi\") 1) }");
        assert_eq!((assembly.known.as_slice(), assembly.macros), (&["asm!".to_owned()][..], false));
        assert!(read("{ vec![1] }").macros);
    }

    #[test]
    fn status_macros_of_libc_are_safe() {
        assert!(known("{ libc::WEXITSTATUS(status) }").is_empty());
    }
}
