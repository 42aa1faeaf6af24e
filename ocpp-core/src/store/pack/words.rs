//! How words of the boundary are stored, and those of other crates.

use super::{Pack, Unpacker, packed, put_number};
use crate::station::{
    AuthorizationStatus, BootReason, ChargingState, EvseId, Measurand, MeterSample, Phase, SignedValue, StopReason,
    TransactionNo, TriggerReason,
};
use alloc::vec::Vec;

use crate::store::LogIndex;
use crate::time::{Anchor, Boot, Stamp};

packed!(Boot { 0 });
packed!(Anchor { boot, millis, wall_ms });
packed!(LogIndex { 0 });
packed!(TransactionNo { 0 });
packed!(EvseId { 0 });
packed!(enum Stamp { 0 Wall(wall_ms), 1 Unset { boot, millis }, 2 UnsetAfter { boot, millis, not_before_ms } });
packed!(SignedValue { data, signing_method, encoding_method, public_key });
packed!(Measurand in Measurand::ALL, EnergyActiveExportRegister);
packed!(TriggerReason in TriggerReason::ALL, AbnormalCondition);
packed!(ChargingState in ChargingState::ALL, Idle);
packed!(BootReason in BootReason::ALL, Unknown);
packed!(enum Phase { 0 L1, 1 L2, 2 L3, 3 N, 4 L1N, 5 L2N, 6 L3N, 7 L1L2, 8 L2L3, 9 L3L1 });
packed!(enum AuthorizationStatus {
    0 Accepted, 1 Blocked, 2 Expired, 3 Invalid, 4 ConcurrentTx, 5 NoCredit, 6 NotAllowedTypeEvse, 7 NotAtThisLocation,
    8 NotAtThisTime, 9 Unknown
});
packed!(enum StopReason {
    0 DeAuthorized, 1 EmergencyStop, 2 EvDisconnected, 3 HardReset, 4 Local, 5 Other, 6 PowerLoss, 7 Reboot, 8 Remote, 9 SoftReset,
    10 UnlockCommand, 11 EnergyLimitReached, 12 GroundFault, 13 ImmediateReset, 14 LocalOutOfCredit, 15 MasterPass,
    16 OvercurrentFault, 17 PowerQuality, 18 ReqEnergyTransferRejected, 19 SocLimitReached, 20 StoppedByEv, 21 TimeLimitReached,
    22 Timeout
});

/// Added to the number of a measurand whose value has what the meter signed behind it. Without, it is as ever.
const SIGNED: u64 = 64;

impl Pack for MeterSample {
    fn pack(&self, out: &mut Vec<u8>) {
        put_number(out, self.measurand as u64 | if self.signed.is_some() { SIGNED } else { 0 });
        self.phase.pack(out);
        self.milli.pack(out);
        if let Some(signed) = &self.signed {
            signed.pack(out);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Self {
        let number = from.variant();
        let known = usize::try_from(number & !SIGNED).ok().and_then(|at| Measurand::ALL.get(at));
        if known.is_none() {
            from.fail();
        }
        let measurand = known.copied().unwrap_or(Measurand::EnergyActiveExportRegister);
        let (phase, milli) = (Pack::unpack(from), Pack::unpack(from));
        let signed = (number & SIGNED != 0).then(|| Pack::unpack(from));
        MeterSample { signed, ..MeterSample::new(measurand, phase, milli) }
    }
}

#[cfg(feature = "security")]
mod security {
    use super::packed;
    use crate::station::SecurityEventKind;

    packed!(enum SecurityEventKind {
        0 FirmwareUpdated, 1 FailedToAuthenticateAtCsms, 2 CsmsFailedToAuthenticate, 3 SettingSystemTime, 4 StartupOfTheDevice,
        5 ResetOrReboot, 6 SecurityLogWasCleared, 7 ReconfigurationOfSecurityParameters, 8 MemoryExhaustion, 9 InvalidMessages,
        10 AttemptedReplayAttacks, 11 TamperDetectionActivated, 12 InvalidFirmwareSignature, 13 InvalidFirmwareSigningCertificate,
        14 InvalidCsmsCertificate, 15 InvalidStationCertificate, 16 InvalidTlsVersion, 17 InvalidTlsCipherSuite, 18 Other(name)
    });
}

#[cfg(feature = "firmware_management")]
mod jobs {
    use super::packed;
    use crate::station::{FileLocation, FirmwareSignature, JobId};

    use crate::store::pack::{Pack, Unpacker, put_text};
    use alloc::vec::Vec;

    packed!(JobId { 0 });
    packed!(FirmwareSignature { certificate, signature });

    impl Pack for FileLocation {
        fn pack(&self, out: &mut Vec<u8>) {
            put_text(out, self.as_str());
        }
        fn unpack(from: &mut Unpacker<'_>) -> Self {
            FileLocation::new(from.text())
        }
    }
}

#[cfg(feature = "smart_charging")]
mod profiles {
    use super::packed;
    use crate::store::pack::{Pack, Unpacker};
    use alloc::vec::Vec;
    use chrono::{DateTime, Utc};
    use ocpp_smartcharging::model::*;

    packed!(EvseId { 0 });
    packed!(ProfileId { 0 });
    packed!(enum Purpose { 0 StationMax, 1 ExternalConstraints, 2 TxDefault, 3 Tx, 4 Priority, 5 LocalGeneration });
    packed!(enum Kind { 0 Absolute, 1 Recurring, 2 Relative, 3 Dynamic });
    packed!(enum Recurrency { 0 Daily, 1 Weekly });
    packed!(enum RateUnit { 0 Amperes, 1 Watts });
    packed!(enum OperationMode {
        0 Idle, 1 ChargingOnly, 2 CentralSetpoint, 3 ExternalSetpoint, 4 ExternalLimits, 5 CentralFrequency, 6 LocalFrequency,
        7 LocalLoadBalancing
    });
    packed!(enum LimitSource { 0 Cso, 1 Ems, 2 So, 3 Other });
    packed!(InstalledProfile { evse, source, profile });
    packed!(ChargingProfile {
        id,
        stack_level,
        purpose,
        kind,
        recurrency,
        valid_from,
        valid_to,
        transaction_id,
        schedules,
        max_offline_seconds,
        invalid_after_offline,
        dyn_update_interval_seconds,
        dyn_update_time
    });
    packed!(ChargingSchedule {
        id,
        start_schedule,
        duration_seconds,
        unit,
        periods,
        min_charging_rate_milli,
        randomized_delay_seconds,
        use_local_time,
        limit_at_soc
    });
    packed!(LimitAtSoc { soc_percent, limit_milli });
    packed!(SchedulePeriod { start_seconds, limit_milli, number_phases, phase_to_use, mode, extra });
    packed!(PeriodExtra {
        limit_l2_milli,
        limit_l3_milli,
        discharge_limit,
        setpoint,
        setpoint_reactive,
        preconditioning,
        evse_sleep,
        baseline_milliwatts,
        frequency_curve,
        signal_curve
    });
    packed!(PhaseRates { l1_milli, l2_milli, l3_milli });
    packed!(FrequencyPoint { millihertz, milliwatts });
    packed!(SignalPoint { signal, milliwatts });

    /// In milliseconds since 1970-01-01T00:00:00Z.
    impl Pack for DateTime<Utc> {
        fn pack(&self, out: &mut Vec<u8>) {
            self.timestamp_millis().pack(out);
        }
        fn unpack(from: &mut Unpacker<'_>) -> Self {
            DateTime::from_timestamp_millis(i64::unpack(from)).unwrap_or_else(|| {
                from.fail();
                DateTime::UNIX_EPOCH
            })
        }
    }
}
