//! The image of a station with a driver that touches no hardware, for its size alone.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::mem::ManuallyDrop;
use core::ptr::null_mut;

use bare_loop::{Arrival, Board, Clock, Flash, FlashError, Hardware, Network, run, start};
use chrono::{DateTime, Utc};
use ocpp_core::station::{ConnectRequest, EvseAction, EvseId, EvseInput, IdToken, StationConfig};
use ocpp_core::store::{Image, StoreOp};
use ocpp_core::time::Instant;

/// Registers and memory that the compiler knows nothing of: what is written is used, what is read may be anything.
struct Stub;

impl Clock for Stub {
    fn now(&mut self) -> Instant {
        Instant::from_millis(black_box(0))
    }

    fn wall(&mut self) -> Option<DateTime<Utc>> {
        black_box(None)
    }

    fn set_wall(&mut self, wall: DateTime<Utc>) {
        black_box(wall);
    }

    fn sleep(&mut self, until: Option<Instant>) {
        black_box(until);
    }

    fn entropy(&mut self) -> u64 {
        black_box(0)
    }
}

impl Flash for Stub {
    fn load(&mut self) -> Image {
        let mut image = Image::default();
        while let Some(op) = black_box(None::<StoreOp>) {
            image.apply(&op);
        }
        image
    }

    fn write(&mut self, op: &StoreOp) -> Result<(), FlashError> {
        black_box(op);
        black_box(Ok(()))
    }
}

impl Network for Stub {
    fn connect(&mut self, request: &ConnectRequest) {
        black_box(request);
    }

    fn send(&mut self, text: Vec<u8>) {
        black_box(text);
    }

    fn ping(&mut self) {}

    fn close(&mut self) {}

    fn poll(&mut self) -> Option<Arrival> {
        black_box(None)
    }
}

impl Hardware for Stub {
    fn order(&mut self, evse: EvseId, order: EvseAction) {
        black_box((evse, order));
    }

    fn poll(&mut self) -> Option<(EvseId, EvseInput)> {
        black_box(None)
    }

    fn poll_token(&mut self) -> Option<(Option<EvseId>, IdToken)> {
        black_box(None)
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    loop {
        let config = StationConfig::new("wss://csms.example/ocpp", "CP001", "Vendor", "Model").with_evses(2);
        let (mut clock, mut flash, mut network, mut hardware) = (Stub, Stub, Stub, Stub);
        let mut board = Board { clock: &mut clock, flash: &mut flash, network: &mut network, hardware: &mut hardware };
        // A station ends with a reset of the processor: none is taken apart.
        if let Ok(station) = start(config, &mut board) {
            let _ = black_box(run(&mut ManuallyDrop::new(station), &mut board));
        }
    }
}

/// The allocator is the board's, and not counted.
struct Heap;

// SAFETY: an allocator may always fail, and nothing that it gave out comes back.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        black_box(layout);
        black_box(null_mut())
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        black_box((memory, layout));
    }
}

#[global_allocator]
static HEAP: Heap = Heap;

#[panic_handler]
fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
