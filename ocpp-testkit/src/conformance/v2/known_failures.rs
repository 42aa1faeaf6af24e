//! Cases that our station fails, each with the reason. A test sees that all of them fail, and no other.

/// Case and reason.
pub const KNOWN_FAILURES: &[(&str, &str)] = &[
    (
        "TC_A_19_CS",
        "the slot of the configuration stays in the list when the security profile is raised: it goes by TLS as well",
    ),
    (
        "TC_C_04_CS",
        "a second token is not asked about when the first one has no group: it could not end the transaction (C01.FR.02)",
    ),
    (
        "TC_E_10_CS",
        "the event of the cable says SuspendedEV until the vehicle asks for energy, where part 6 wants EVConnected or SuspendedEVSE",
    ),
    (
        "TC_E_13_CS",
        "the event of the cable says SuspendedEV until the vehicle asks for energy, where part 6 wants EVConnected or SuspendedEVSE",
    ),
    (
        "TC_E_26_CS",
        "the event of the cable says SuspendedEV until the vehicle asks for energy, where part 6 wants EVConnected or SuspendedEVSE",
    ),
    ("TC_E_27_CS", "a vehicle that does not come back to a fixed cable is waited for without end (E10.FR.02)"),
    ("TC_K_38_CS", "a profile with a remote start is refused until 2.x has smart charging (F01.FR.26)"),
    ("TC_L_18_CS", "an update without a signature is carried out (L02)"),
];
