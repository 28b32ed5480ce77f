//! How many tests programs say that they ran.

use std::iter::Sum;
use std::ops::Add;

/// Sums of `test result:` lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    pub(crate) programs: u64,
    /// Tests that the arguments left out.
    pub(crate) filtered: u64,
    /// What was announced and has no result of as many tests, and the reverse. A program that was
    /// ended is one; so is a test whose child writes to the program's own output: its results look
    /// like a program's there, or get into the middle of one.
    pub(crate) doubts: u64,
}

impl Tally {
    /// Reads the lines `running 4 tests` and `test result: ok. 3 passed; 0 failed; 1 ignored; …`
    /// of one program after the other. One with a `main` of its own announces and counts nothing.
    #[must_use]
    pub(crate) fn of(text: &str) -> Self {
        let mut sum = Self::default();
        let mut announced = None;
        for line in text.lines().map(str::trim_end) {
            if let Some(tests) = announcement(line) {
                sum.doubts += u64::from(announced.replace(tests).is_some());
            } else if let Some((_, result)) = line.split_once("test result: ") {
                let of = |what| number_before(result, what);
                let counts = [" passed", " failed", " ignored", " measured"].map(of);
                let [passed, failed, ignored, _] = counts.map(Option::unwrap_or_default);
                let filtered = of(" filtered").unwrap_or_default();
                let told = counts.into_iter().flatten().reduce(Add::add);
                let doubts = u64::from(announced.take() != told);
                sum = sum + Self { passed, failed, ignored, filtered, programs: 1, doubts };
            }
        }
        sum.doubts += u64::from(announced.is_some());
        sum
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
            programs: self.programs + other.programs,
            filtered: self.filtered + other.filtered,
            doubts: self.doubts + other.doubts,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), Add::add)
    }
}

/// The number in `running 4 tests`.
fn announcement(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once("running ")?;
    let (number, what) = rest.split_once(' ')?;
    number.parse().ok().filter(|_| matches!(what, "test" | "tests"))
}

fn number_before(result: &str, what: &str) -> Option<u64> {
    let (head, _) = result.split_once(what)?;
    head.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &str = "running 3 tests\ntest a ... ok\n\
                         test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out\n";

    #[test]
    fn results_are_summed_over_programs() {
        let text = "noise\nrunning 4 tests\nnoise\n\
                    test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\nnoise\n\
                    running 7 tests\r\n\
                    test result: FAILED. 4 passed; 2 failed; 0 ignored; 1 measured\r\n";
        let wanted =
            Tally { passed: 7, failed: 2, ignored: 1, filtered: 0, programs: 2, doubts: 0 };
        assert_eq!(Tally::of(text), wanted);
    }

    #[test]
    fn a_program_with_a_main_of_its_own_counts_nothing_and_is_no_doubt() {
        let text = format!("test result: ok\n{THREE}");
        let wanted = Tally { passed: 3, filtered: 9, programs: 2, ..Tally::default() };
        assert_eq!(Tally::of(&text), wanted);
        assert_eq!(Tally::of("skipped: strace\n"), Tally::default());
    }

    #[test]
    fn what_a_tests_child_says_among_the_programs_lines_is_a_doubt() {
        let child = "running 1 test\ntest b ... ok\n\ntest result: ok. 1 passed; 0 failed\n";
        let among = THREE.replace("test a", &format!("{child}test a"));
        assert!(Tally::of(&among).doubts > 0);
        let cut = "running 1 test\ntest result: test a ... ok\nok. 1 passed; 0 failed\n";
        assert!(Tally::of(&THREE.replace("test a", &format!("{cut}test a"))).doubts > 0);
    }

    #[test]
    fn a_result_of_another_number_or_none_or_one_too_many_is_a_doubt() {
        assert_eq!(Tally::of(THREE).doubts, 0);
        assert_eq!(Tally::of(&THREE.replace("3 passed", "2 passed")).doubts, 1);
        let cut_off = "running 3 tests\ntest a ... ok\n";
        assert_eq!(Tally::of(cut_off).doubts, 1);
        assert_eq!(Tally::of(&format!("{cut_off}{THREE}")).doubts, 1);
        assert_eq!(Tally::of(&format!("{THREE}test result: ok. 1 passed; 0 failed\n")).doubts, 1);
    }
}
