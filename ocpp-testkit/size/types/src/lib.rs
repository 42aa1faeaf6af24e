//! What every image has: a start, an allocator, and a line on which payloads come and go.
//!
//! Nothing of it runs. The compiler cannot know that, so it keeps whatever a real program would need.
#![no_std]

extern crate alloc;

pub mod tables;

use alloc::string::String;
use core::{
    alloc::{GlobalAlloc, Layout},
    hint::black_box,
    ptr::null_mut,
};

use ocpp_types::{Decode, Encode, Violation};

struct NoMemory;

// Gives no memory, which an allocator may always do.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        black_box(layout);
        null_mut()
    }
    unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
        black_box(pointer);
    }
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The name of an action and its payload, as received.
pub fn receive() -> (&'static str, &'static str) {
    black_box(("", ""))
}

/// Reads a payload and writes it again, or tells the path and the class of what is wrong with it.
pub fn turn<T: Decode + Encode>(json: &str) {
    answer(T::from_json(json).and_then(|payload| payload.to_json()));
}

/// Sends what was written, or refuses it.
pub fn answer(written: Result<String, Violation>) {
    match written {
        Ok(json) => drop(black_box(json)),
        Err(violation) => drop(black_box((violation.path, violation.rule.kind()))),
    }
}

/// An image that handles what it receives by `handle`.
#[macro_export]
macro_rules! image {
    ($handle:expr) => {
        #[unsafe(no_mangle)]
        extern "C" fn _start() -> ! {
            loop {
                let (action, json) = $crate::receive();
                $handle(action, json);
            }
        }
    };
}

/// An image with all messages of a version, as either side.
#[macro_export]
macro_rules! whole_version {
    ($version:ident) => {
        use ocpp_types::{Encode, $version as version};

        fn handle(action: &str, json: &str) {
            let Ok(action) = action.parse() else { return };
            macro_rules! turn {
                ($payload:ident) => {
                    match version::$payload::from_json(action, json) {
                        Ok(None) => {}
                        Ok(Some(payload)) => $crate::answer(payload.to_json()),
                        Err(violation) => $crate::answer(Err(violation)),
                    }
                };
            }
            turn!(StationRequest);
            turn!(StationResponse);
            turn!(CsmsRequest);
            turn!(CsmsResponse);
        }

        $crate::image!(handle);
    };
}
