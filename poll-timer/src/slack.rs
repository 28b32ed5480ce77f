//! Lateness for fewer wake-ups.

/// The roundest tick from `deadline` to `deadline + slack`, for timers that may be a little late.
///
/// Timers whose deadlines are rounded this way tend to fall on the same ticks, and a loop that
/// sleeps until the next deadline wakes less often. The result is never before `deadline`, and
/// never more than `slack` after it.
///
/// # Examples
///
/// ```
/// use poll_timer::coalesce;
///
/// // Idle timeouts of 30 s, which nobody minds to be 500 ms late.
/// assert_eq!(coalesce(30_017, 500), 30_208);
/// assert_eq!(coalesce(30_101, 500), 30_208);
/// assert_eq!(coalesce(30_017, 0), 30_017);
/// ```
#[must_use]
pub const fn coalesce(deadline: u64, slack: u64) -> u64 {
    let limit = deadline.saturating_add(slack);
    if limit == deadline {
        return deadline;
    }
    // Up to and with the highest bit in which the two differ.
    let bits = u64::MAX >> (deadline ^ limit).leading_zeros();
    if deadline & bits == 0 { deadline } else { limit & !(bits >> 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coalesce_finds_the_roundest_of_the_range() {
        for deadline in 1..200u64 {
            for slack in 0..100 {
                let roundest = (deadline..=deadline + slack)
                    .max_by_key(|tick| tick.trailing_zeros())
                    .map(|tick| tick.trailing_zeros());
                let found = coalesce(deadline, slack);
                assert!((deadline..=deadline + slack).contains(&found));
                assert_eq!(Some(found.trailing_zeros()), roundest, "{deadline} {slack}");
            }
        }
    }

    #[test]
    fn coalesce_does_not_wrap() {
        assert_eq!(coalesce(u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(coalesce(u64::MAX - 1, 9), u64::MAX - 1);
        assert_eq!(coalesce(1, u64::MAX), 1 << 63);
        assert_eq!(coalesce(0, u64::MAX), 0);
    }
}
