#![no_std]

extern crate ocpp_core;
extern crate ocpp_rpc;
extern crate ocpp_smartcharging;
extern crate ocpp_types;
#[cfg(feature = "leak")]
extern crate serde;

use core::alloc::{GlobalAlloc, Layout};

struct NoMemory;

// SAFETY: an allocator may always fail, and nothing that it gave out comes back.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static MEMORY: NoMemory = NoMemory;

#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
