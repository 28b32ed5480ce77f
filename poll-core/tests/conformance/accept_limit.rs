//! No descriptor for a connection that waits: nothing is lost, in any mode.

use poll_core::{Mode, Token};

use crate::support::*;

#[test]
fn a_connection_that_could_not_be_accepted_is_reported_by_level_and_after_an_arm() {
    for_each_mode(|world, mode| {
        let (door, caller) = world.listener();
        let door = world.register(door, Token(1), READ, mode).unwrap();
        let _client = caller.call();
        assert_eq!(tokens(&next(world)), [1]);
        let refused = with_free_descriptors(0, || door.accept()).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
        match mode {
            Mode::Level => {}
            _ => {
                assert_silent(world);
                door.arm(READ, mode).unwrap();
            }
        }
        assert_eq!(tokens(&next(world)), [1]);
        door.accept().unwrap();
        assert_silent(world);
    });
}
