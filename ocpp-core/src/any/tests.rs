//! What holds of the types at the boundary.

use super::*;

/// A station may be moved to the thread that drives it, and what goes in and out between threads.
#[test]
fn station_and_what_it_says_may_be_sent_to_another_thread() {
    fn sent<T: Send>() {}
    sent::<Station>();
    sent::<Action>();
    sent::<Event>();
    sent::<Input<'static>>();
    sent::<MisuseError>();
}

/// Queues of them lie in the memory of microcontrollers. Bounds for 64 bits; on 32 they are about half.
#[test]
fn actions_and_inputs_are_small() {
    let sizes =
        [size_of::<Action>(), size_of::<Event>(), size_of::<Input<'static>>(), size_of::<crate::station::EvseInput>()];
    assert!(sizes[0] <= 240 && sizes[1] <= 240 && sizes[2] <= 96 && sizes[3] <= 80, "{sizes:?}");
    assert!(size_of::<Station>() <= 8192, "{}", size_of::<Station>());
}
