//! Why transactions begin, change and end, and stations boot: the words of all versions.

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// An enumeration of OCPP words: each variant with its spelling on the wire, which is that of its JSON form too.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[cfg_attr(feature = "serde", serde(rename = $word))] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word, as OCPP spells it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What a word of OCPP means, in whatever case.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str().eq_ignore_ascii_case(word))
            }
        }
    };
}

/// Why a transaction ended (1.6 §7.36, 2.x ReasonEnumType).
///
/// What 1.6 does not know is told there as `Other`, an immediate reset as `HardReset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum StopReason {
    /// The CSMS refused the token after the start.
    DeAuthorized,
    /// An emergency stop.
    EmergencyStop,
    /// The vehicle was unplugged.
    EvDisconnected,
    /// A hard reset was ordered (1.6).
    HardReset,
    /// The driver stopped at the station.
    Local,
    /// Another reason.
    Other,
    /// The power failed.
    PowerLoss,
    /// The station restarted on its own.
    Reboot,
    /// The CSMS stopped it.
    Remote,
    /// A soft reset was ordered (1.6).
    SoftReset,
    /// The CSMS unlocked the connector (1.6).
    UnlockCommand,
    /// A local limit of energy was reached.
    EnergyLimitReached,
    /// A current to earth.
    GroundFault,
    /// The CSMS ordered an immediate reset.
    ImmediateReset,
    /// A local limit of credit was reached.
    LocalOutOfCredit,
    /// A token of the master pass group.
    MasterPass,
    /// Too much current.
    OvercurrentFault,
    /// The power was too bad, by its voltage or its balance.
    PowerQuality,
    /// The CSMS refused the energy transfer that the vehicle asked for (2.1).
    ReqEnergyTransferRejected,
    /// A local limit of the state of charge was reached.
    SocLimitReached,
    /// The vehicle stopped it.
    StoppedByEv,
    /// A local limit of time was reached.
    TimeLimitReached,
    /// No vehicle came in time.
    Timeout,
}

impl StopReason {
    /// What a word of OCPP means: of 1.6 or 2.x, in whatever case.
    pub fn of(word: &str) -> Option<Self> {
        WORDS.iter().find(|(spelled, _)| spelled.eq_ignore_ascii_case(word)).map(|(_, reason)| *reason)
    }
}

const WORDS: [(&str, StopReason); 23] = [
    ("DeAuthorized", StopReason::DeAuthorized),
    ("EmergencyStop", StopReason::EmergencyStop),
    ("EVDisconnected", StopReason::EvDisconnected),
    ("HardReset", StopReason::HardReset),
    ("Local", StopReason::Local),
    ("Other", StopReason::Other),
    ("PowerLoss", StopReason::PowerLoss),
    ("Reboot", StopReason::Reboot),
    ("Remote", StopReason::Remote),
    ("SoftReset", StopReason::SoftReset),
    ("UnlockCommand", StopReason::UnlockCommand),
    ("EnergyLimitReached", StopReason::EnergyLimitReached),
    ("GroundFault", StopReason::GroundFault),
    ("ImmediateReset", StopReason::ImmediateReset),
    ("LocalOutOfCredit", StopReason::LocalOutOfCredit),
    ("MasterPass", StopReason::MasterPass),
    ("OvercurrentFault", StopReason::OvercurrentFault),
    ("PowerQuality", StopReason::PowerQuality),
    ("ReqEnergyTransferRejected", StopReason::ReqEnergyTransferRejected),
    ("SOCLimitReached", StopReason::SocLimitReached),
    ("StoppedByEV", StopReason::StoppedByEv),
    ("TimeLimitReached", StopReason::TimeLimitReached),
    ("Timeout", StopReason::Timeout),
];

words! {
    /// Why a station tells of a transaction (2.x TriggerReasonEnumType; the names of 2.1 contain those of 2.0.1).
    TriggerReason {
        /// An error or fault.
        AbnormalCondition = "AbnormalCondition",
        /// Charging was authorised, by whatever means.
        Authorized = "Authorized",
        /// The cable is plugged in and a vehicle detected.
        CablePluggedIn = "CablePluggedIn",
        /// The rate of charging changed by more than `LimitChangeSignificance`.
        ChargingRateChanged = "ChargingRateChanged",
        /// Another charging state.
        ChargingStateChanged = "ChargingStateChanged",
        /// The transaction's greatest cost is reached (2.1).
        CostLimitReached = "CostLimitReached",
        /// The CSMS took the authorisation away.
        Deauthorized = "Deauthorized",
        /// The transaction's greatest energy is reached.
        EnergyLimitReached = "EnergyLimitReached",
        /// The vehicle is gone, such as by its cable.
        EvCommunicationLost = "EVCommunicationLost",
        /// No vehicle came in time.
        EvConnectTimeout = "EVConnectTimeout",
        /// The vehicle has left the bay.
        EvDeparted = "EVDeparted",
        /// A vehicle is in the bay.
        EvDetected = "EVDetected",
        /// A limit of the transaction was set or changed (2.1).
        LimitSet = "LimitSet",
        /// A meter value aligned to the clock.
        MeterValueClock = "MeterValueClock",
        /// A periodic meter value.
        MeterValuePeriodic = "MeterValuePeriodic",
        /// Another operation mode (2.1).
        OperationModeChanged = "OperationModeChanged",
        /// The CSMS asked for the start.
        RemoteStart = "RemoteStart",
        /// The CSMS asked for the stop.
        RemoteStop = "RemoteStop",
        /// The CSMS asked for a reset.
        ResetCommand = "ResetCommand",
        /// Tells the running cost, and nothing else (2.1).
        RunningCost = "RunningCost",
        /// The meter gave signed data.
        SignedDataReceived = "SignedDataReceived",
        /// The transaction's greatest state of charge is reached (2.1).
        SocLimitReached = "SoCLimitReached",
        /// A driver who may stop it did.
        StopAuthorized = "StopAuthorized",
        /// Another tariff (2.1).
        TariffChanged = "TariffChanged",
        /// The driver refused the tariff (2.1).
        TariffNotAccepted = "TariffNotAccepted",
        /// The transaction's greatest time is reached.
        TimeLimitReached = "TimeLimitReached",
        /// The CSMS asked for the message.
        Trigger = "Trigger",
        /// It goes on after a restart or a power cut (2.1).
        TxResumed = "TxResumed",
        /// The CSMS asked to unlock the connector.
        UnlockCommand = "UnlockCommand",
    }
}

words! {
    /// What a transaction does (2.x ChargingStateEnumType).
    ChargingState {
        /// Energy flows.
        Charging = "Charging",
        /// A vehicle is connected.
        EvConnected = "EVConnected",
        /// No vehicle is connected.
        Idle = "Idle",
        /// Energy is offered, the vehicle takes none.
        SuspendedEv = "SuspendedEV",
        /// A vehicle is connected, the station offers no energy.
        SuspendedEvse = "SuspendedEVSE",
    }
}

words! {
    /// Why a station booted (2.x BootReasonEnumType).
    BootReason {
        /// The application failed.
        ApplicationReset = "ApplicationReset",
        /// New firmware was installed.
        FirmwareUpdate = "FirmwareUpdate",
        /// Somebody at the station restarted it.
        LocalReset = "LocalReset",
        /// The power came.
        PowerUp = "PowerUp",
        /// The CSMS asked for it.
        RemoteReset = "RemoteReset",
        /// It was planned.
        ScheduledReset = "ScheduledReset",
        /// It did not: the CSMS asked for the message.
        Triggered = "Triggered",
        /// Not known.
        Unknown = "Unknown",
        /// The watchdog ran out.
        Watchdog = "Watchdog",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of the generated types, so that none is missing here.
    #[test]
    fn every_word_of_1_6_is_a_stop_reason() {
        use ocpp_types::enumeration::Enumeration;
        for reason in ocpp_types::v1_6::Reason::VALUES {
            assert!(StopReason::of(reason.as_str()).is_some(), "{}", reason.as_str());
        }
        assert_eq!(StopReason::of("evdisconnected"), Some(StopReason::EvDisconnected));
        assert_eq!(StopReason::of("SuspendedByAliens"), None);
    }

    #[test]
    fn words_read_as_they_are_written_in_json_too() {
        for trigger in TriggerReason::ALL {
            assert_eq!(TriggerReason::of(trigger.as_str()), Some(*trigger));
            assert_eq!(serde_json::to_value(trigger).unwrap(), trigger.as_str());
        }
        assert_eq!((TriggerReason::ALL.len(), ChargingState::ALL.len(), BootReason::ALL.len()), (29, 5, 9));
    }
}
