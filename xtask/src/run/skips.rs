//! Tests that a place cannot run, each with the reason; counted and shown, never silent.

use crate::report::Row;

/// Where suites run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On this CPU and kernel.
    Native,
    /// Under qemu's user emulation.
    QemuUser,
    /// In an emulated machine with an older kernel and nothing but busybox.
    Kernel,
    /// On somebody's machine.
    Remote,
}

/// A test, or a whole program, that is left out at some places.
pub(super) struct Skip {
    places: &'static [Place],
    /// `poll-core/conformance`.
    program: &'static str,
    /// A test's full name, or nothing for the whole program.
    test: Option<&'static str>,
    reason: &'static str,
}

const WIPE: &str = "qemu accepts MADV_WIPEONFORK and does not honour it";

const SKIPS: &[Skip] = &[
    Skip {
        places: &[Place::QemuUser],
        program: "poll-sys/poll_sys",
        test: Some("fork::tests::a_child_is_told_and_its_parent_is_not"),
        reason: WIPE,
    },
    Skip {
        places: &[Place::QemuUser],
        program: "poll-sys/poll_sys",
        test: Some("fork::tests::a_child_that_makes_a_mark_of_its_own_still_tells_its_parents"),
        reason: WIPE,
    },
    Skip {
        places: &[Place::QemuUser],
        program: "poll-net/httpd",
        test: None,
        reason: "it starts a program of the other CPU, which this kernel cannot",
    },
    Skip {
        places: &[Place::Kernel],
        program: "poll-net/httpd",
        test: None,
        reason: "there is no curl",
    },
];

/// The skips that hold for `program` at `place`.
pub(super) fn of(program: &str, place: Place) -> Vec<&'static Skip> {
    let holds = |skip: &&Skip| skip.program == program && skip.places.contains(&place);
    SKIPS.iter().filter(holds).collect()
}

impl Skip {
    /// Arguments for libtest, or nothing when the whole program is left out.
    pub(super) fn args(skips: &[&Self]) -> Option<Vec<String>> {
        let tests: Option<Vec<&str>> = skips.iter().map(|skip| skip.test).collect();
        let mut args: Vec<String> = Vec::new();
        for test in tests? {
            args.extend(["--skip".to_owned(), test.to_owned()]);
        }
        if !args.is_empty() {
            args.push("--exact".to_owned());
        }
        Some(args)
    }

    /// The row that shows it.
    pub(super) fn row(&self, place: &str) -> Row {
        let test = self.test.unwrap_or("all tests");
        Row::skipped(format!("{place}: {}: {test}", self.program), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Skip = Skip {
        places: &[Place::QemuUser],
        program: "poll-core/conformance",
        test: Some("waits::eintr"),
        reason: "qemu does not interrupt it",
    };
    const WHOLE: Skip = Skip { test: None, ..ONE };

    #[test]
    fn a_skipped_test_becomes_an_exact_argument_and_a_row() {
        let args = Skip::args(&[&ONE]).unwrap();
        assert_eq!(args, ["--skip", "waits::eintr", "--exact"]);
        assert_eq!(ONE.row("s390x").name, "s390x: poll-core/conformance: waits::eintr");
    }

    #[test]
    fn a_skipped_program_does_not_run() {
        assert_eq!(Skip::args(&[&ONE, &WHOLE]), None);
        assert_eq!(Skip::args(&[]), Some(Vec::new()));
    }
}
