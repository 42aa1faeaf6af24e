//! What messages weigh in memory, on a 64-bit machine. All types are listed by
//! `RUSTC_BOOTSTRAP=1 cargo rustc -p ocpp-types --lib -- -Zprint-type-sizes`.
#![cfg(all(target_pointer_width = "64", feature = "v1_6", feature = "v2_0_1", feature = "v2_1"))]

use ocpp_types::{v1_6, v2_0_1, v2_1};

/// What a queue of messages, or a `match` over them, costs for each element.
const LARGEST_ENUM: usize = 256;

macro_rules! sizes {
    ($($type:ty,)*) => {
        [$((size_of::<$type>(), stringify!($type)),)*]
    };
}

fn print(title: &str, mut sizes: Vec<(usize, &str)>) {
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    println!("{title}:");
    for (size, name) in sizes {
        println!("  {size:>4} bytes  {name}");
    }
}

#[test]
fn enumerations_of_messages_stay_small() {
    let enums = sizes![
        v1_6::StationRequest,
        v1_6::StationResponse,
        v1_6::CsmsRequest,
        v1_6::CsmsResponse,
        v2_0_1::StationRequest,
        v2_0_1::StationResponse,
        v2_0_1::CsmsRequest,
        v2_0_1::CsmsResponse,
        v2_1::StationRequest,
        v2_1::StationResponse,
        v2_1::CsmsRequest,
        v2_1::CsmsResponse,
    ];
    print("enumerations of messages", enums.to_vec());
    for (size, name) in enums {
        assert!(size <= LARGEST_ENUM, "{name} has {size} bytes");
    }
}

#[test]
fn the_largest_structs_stay_below_a_kilobyte() {
    let structs = sizes![
        v1_6::BootNotificationRequest,
        v1_6::SetChargingProfileRequest,
        v1_6::ChargingProfile,
        v2_0_1::EventData,
        v2_0_1::TransactionEventRequest,
        v2_0_1::RequestStartTransactionRequest,
        v2_1::DERChargingParameters,
        v2_1::SetDERControlRequest,
        v2_1::ChangeTransactionTariffRequest,
    ];
    print("largest structs of each version", structs.to_vec());
    for (size, name) in structs {
        assert!(size < 1024, "{name} has {size} bytes");
    }
}
