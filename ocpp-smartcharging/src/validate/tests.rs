use alloc::boxed::Box;
use alloc::vec;

use super::*;
use crate::fixture::{at, installation, period, profile, schedule, situation, transaction};
use crate::installation::Transaction;
use crate::model::*;
use crate::units::Supply;

fn capabilities() -> Capabilities {
    Capabilities {
        max_stack_level: 8,
        max_periods: 24,
        max_profiles: 10,
        units: [RateUnit::Amperes, RateUnit::Watts].into(),
        limits_phases: true,
        switches_phase: true,
        controls_dc_input_phases: false,
        priority_charging: true,
        local_generation: true,
        external_constraints_disallowed: false,
        dynamic_profiles: true,
        local_time: true,
        randomized_delay: true,
        limit_at_soc: true,
        evse_sleep: true,
        modes: [
            OperationMode::Idle,
            OperationMode::CentralSetpoint,
            OperationMode::ExternalSetpoint,
            OperationMode::LocalFrequency,
            OperationMode::LocalLoadBalancing,
        ]
        .into(),
        load_balancing_thresholds: true,
        max_external_constraints_id: Some(0),
    }
}

/// What a proposal is judged by; each test changes one thing.
struct Case {
    edition: Edition,
    delivery: Delivery,
    capabilities: Capabilities,
    dc: bool,
    profiles: Vec<InstalledProfile>,
    transactions: Vec<Transaction>,
    proposed: InstalledProfile,
}

impl Case {
    fn new(proposed: InstalledProfile) -> Self {
        Self {
            edition: Edition::V2_1,
            delivery: Delivery::SetChargingProfile,
            capabilities: capabilities(),
            dc: false,
            profiles: Vec::new(),
            transactions: vec![transaction(1)],
            proposed,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        let mut installation = installation(2);
        if self.dc {
            for evse in &mut installation.evses {
                evse.supply = Supply::Dc { millivolts: 400_000 };
            }
        }
        let situation = situation(&installation, &self.profiles, &self.transactions);
        let Self { edition, delivery, capabilities, proposed, .. } = self;
        Proposal { edition: *edition, delivery: *delivery, capabilities, situation, proposed }.violations()
    }
}

/// The one violation of a case that a change of a valid profile makes, with its requirement.
fn broken(case: &Case) -> (Violation, &'static str) {
    let found = case.violations();
    let [only] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(serde_json::to_value(only.code()).unwrap(), only.reason_code());
    (only.clone(), only.requirement(case.edition))
}

fn with(proposed: InstalledProfile, change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case::new(proposed);
    change(&mut case);
    case
}

fn tx() -> InstalledProfile {
    profile(7, 1, Purpose::Tx, 16_000)
}

fn tx_default() -> InstalledProfile {
    profile(7, 1, Purpose::TxDefault, 16_000)
}

fn first(case: &mut Case) -> &mut ChargingSchedule {
    &mut case.proposed.profile.schedules[0]
}

fn extra(case: &mut Case) -> &mut PeriodExtra {
    first(case).periods[0].extra.get_or_insert_default()
}

#[test]
fn valid_profiles_pass_in_each_edition() {
    for edition in [Edition::V1_6, Edition::V2_0_1, Edition::V2_1] {
        for proposed in [tx(), tx_default(), profile(7, 0, Purpose::StationMax, 16_000)] {
            assert_eq!(with(proposed, |case| case.edition = edition).violations(), []);
        }
    }
    for purpose in [Purpose::Priority, Purpose::LocalGeneration] {
        assert_eq!(Case::new(profile(7, 1, purpose, 16_000)).violations(), []);
    }
    let external = with(profile(-1, 0, Purpose::ExternalConstraints, 16_000), |case| {
        case.delivery = Delivery::ExternalSystem;
    });
    assert_eq!(external.violations(), []);
}

#[test]
fn place_must_fit_the_purpose() {
    let case = with(tx_default(), |case| case.proposed.evse = EvseId(3));
    assert_eq!(broken(&case), (Violation::UnknownEvse(EvseId(3)), "K01.FR.28"));
    assert!(broken(&case).0.is_property_constraint_1_6());
    let case = with(profile(7, 1, Purpose::StationMax, 16_000), |_| ());
    assert_eq!(broken(&case), (Violation::NotForOneEvse(Purpose::StationMax), "K04.FR.03"));
    let case = with(tx(), |case| case.proposed.evse = EvseId::STATION);
    assert_eq!(broken(&case), (Violation::TxProfileWithoutEvse, "K01.FR.16"));
}

#[test]
fn purpose_must_be_supported_and_come_from_the_right_side() {
    let case = with(profile(7, 1, Purpose::Priority, 16_000), |case| case.capabilities.priority_charging = false);
    assert_eq!(broken(&case), (Violation::UnsupportedPurpose(Purpose::Priority), "K01.FR.120"));
    let case = with(profile(7, 1, Purpose::LocalGeneration, 1), |case| case.capabilities.local_generation = false);
    assert_eq!(broken(&case), (Violation::UnsupportedPurpose(Purpose::LocalGeneration), "K01.FR.120"));
    let case = with(profile(7, 0, Purpose::ExternalConstraints, 16_000), |_| ());
    assert_eq!(broken(&case), (Violation::ExternalConstraintsFromCsms, "K01.FR.22"));
    let case = with(profile(-7, 0, Purpose::ExternalConstraints, 16_000), |case| {
        case.delivery = Delivery::ExternalSystem;
        case.capabilities.external_constraints_disallowed = true;
    });
    assert_eq!(broken(&case), (Violation::ExternalConstraintsDisallowed, "K11.FR.07"));
}

#[test]
fn tx_profile_needs_its_running_transaction() {
    let case = with(tx(), |case| case.transactions.clear());
    assert_eq!(broken(&case), (Violation::NoTransaction(EvseId(1)), "K01.FR.09"));
    let case = with(tx(), |case| case.proposed.profile.transaction_id = None);
    assert_eq!(broken(&case), (Violation::MissingTransactionId, "K01.FR.03"));
    let case = with(tx(), |case| case.proposed.profile.transaction_id = Some("other".into()));
    assert_eq!(broken(&case), (Violation::UnknownTransaction("other".into()), "K01.FR.33"));
    let case = with(tx_default(), |case| case.proposed.profile.transaction_id = Some("tx".into()));
    assert_eq!(broken(&case).0, Violation::ExtraneousTransactionId("tx".into()));
}

#[test]
fn tx_profile_of_1_6_may_leave_out_the_id_but_not_the_transaction() {
    let case = with(tx(), |case| {
        case.edition = Edition::V1_6;
        case.proposed.profile.transaction_id = None;
    });
    assert_eq!(case.violations(), []);
    let case = with(tx(), |case| {
        case.edition = Edition::V1_6;
        case.transactions.clear();
    });
    assert_eq!(broken(&case), (Violation::NoTransaction(EvseId(1)), "§3.13.1"));
}

#[test]
fn remote_start_brings_a_tx_profile_without_id_before_there_is_a_transaction() {
    let case = with(tx(), |case| {
        case.delivery = Delivery::RemoteStart;
        case.transactions.clear();
        case.proposed.profile.transaction_id = None;
    });
    assert_eq!(case.violations(), []);
    let case = with(tx(), |case| case.delivery = Delivery::RemoteStart);
    assert_eq!(broken(&case).0, Violation::ExtraneousTransactionId("tx".into()));
    let case = with(tx_default(), |case| case.delivery = Delivery::RemoteStart);
    assert_eq!(broken(&case), (Violation::NotATxProfile(Purpose::TxDefault), "K05.FR.02"));
}

#[test]
fn external_constraints_cannot_be_replaced_by_the_csms() {
    let case = with(tx_default(), |case| {
        case.profiles.push(profile(7, 0, Purpose::ExternalConstraints, 10_000));
    });
    assert_eq!(broken(&case), (Violation::ReplacesExternalConstraints(ProfileId(7)), "K01.FR.05"));
    let case = with(tx_default(), |case| case.proposed.profile.id = ProfileId(0));
    assert_eq!(broken(&case), (Violation::IdReservedForExternal { id: ProfileId(0), most: 0 }, "K01.FR.81"));
}

#[test]
fn no_more_is_taken_than_the_station_has_room_for() {
    let case = with(tx_default(), |case| case.proposed.profile.stack_level = 9);
    assert_eq!(broken(&case).0, Violation::StackLevelTooHigh { level: 9, most: 8 });
    let full = |case: &mut Case| {
        case.capabilities.max_profiles = 1;
        case.profiles.push(profile(1, 2, Purpose::TxDefault, 10_000));
    };
    assert_eq!(broken(&with(tx_default(), full)).0, Violation::TooManyProfiles { most: 1 });
    let replacement = with(profile(1, 1, Purpose::TxDefault, 16_000), full);
    assert_eq!(replacement.violations(), []);
    let case = with(tx_default(), |case| case.capabilities.max_periods = 0);
    assert_eq!(broken(&case).0, Violation::TooManyPeriods { given: 1, most: 0 });
}

#[test]
fn two_profiles_of_one_level_are_refused_in_2_x_and_replaced_in_1_6() {
    let twin = |case: &mut Case| case.profiles.push(profile(1, 1, Purpose::TxDefault, 10_000));
    assert_eq!(broken(&with(tx_default(), twin)), (Violation::Duplicate(ProfileId(1)), "K01.FR.06"));
    let case = with(tx_default(), |case| {
        twin(case);
        case.edition = Edition::V1_6;
    });
    assert_eq!(case.violations(), []);
    let one_after_the_other = with(tx_default(), |case| {
        twin(case);
        case.profiles[0].profile.valid_to = Some(at(100));
        case.proposed.profile.valid_from = Some(at(100));
    });
    assert_eq!(one_after_the_other.violations(), []);
    let case = with(tx(), |case| case.profiles.push(profile(1, 1, Purpose::Tx, 10_000)));
    assert_eq!(broken(&case), (Violation::DuplicateForTransaction(ProfileId(1)), "K01.FR.39"));
}

#[test]
fn default_of_the_station_and_of_an_evse_cannot_share_a_level() {
    for (installed, proposed) in [(0, 1), (1, 0)] {
        let case = with(profile(7, proposed, Purpose::TxDefault, 16_000), |case| {
            case.profiles.push(profile(1, installed, Purpose::TxDefault, 10_000));
        });
        assert_eq!(broken(&case), (Violation::DuplicateDefault(ProfileId(1)), "K01.FR.52, K01.FR.53"));
    }
    let case = with(tx_default(), |case| case.profiles.push(profile(1, 2, Purpose::TxDefault, 10_000)));
    assert_eq!(case.violations(), []);
}

#[test]
fn start_of_the_schedule_must_fit_the_kind() {
    let case = with(tx_default(), |case| first(case).start_schedule = None);
    assert_eq!(broken(&case), (Violation::MissingStart, "K01.FR.40"));
    let case = with(tx_default(), |case| case.proposed.profile.kind = Kind::Relative);
    assert_eq!(broken(&case), (Violation::ExtraneousStart, "K01.FR.41"));
    let case = with(tx_default(), |case| case.proposed.profile.kind = Kind::Recurring);
    assert_eq!(broken(&case).0, Violation::MissingRecurrency);
    let case = with(profile(7, 0, Purpose::StationMax, 16_000), |case| {
        case.proposed.profile.kind = Kind::Relative;
        first(case).start_schedule = None;
    });
    assert_eq!(broken(&case), (Violation::StationMaxIsRelative, "K01.FR.38"));
}

#[test]
fn periods_must_start_at_zero_and_in_order() {
    let case = with(tx_default(), |case| first(case).periods[0].start_seconds = 1);
    assert_eq!(broken(&case), (Violation::FirstPeriodNotAtZero(1), "K01.FR.31"));
    let case = with(tx_default(), |case| {
        first(case).periods = vec![period(0, 1), period(60, 1), period(60, 2), period(120, 1)];
    });
    assert_eq!(broken(&case), (Violation::PeriodsOutOfOrder(60), "K01.FR.35"));
    let case = with(tx_default(), |case| first(case).periods.clear());
    assert_eq!(broken(&case).0, Violation::NoPeriods);
}

#[test]
fn several_schedules_answer_charging_needs_only() {
    let three = |case: &mut Case| case.proposed.profile.schedules = vec![schedule(vec![period(0, 1)]); 3];
    assert_eq!(broken(&with(tx(), three)), (Violation::SeveralSchedules(3), "K01.FR.34"));
    let case = with(tx(), |case| {
        three(case);
        case.transactions[0].charging_needs_sent = true;
    });
    assert_eq!(case.violations(), []);
    let case = with(tx(), |case| case.proposed.profile.schedules.clear());
    assert_eq!(broken(&case).0, Violation::NoSchedule);
}

#[test]
fn unit_must_be_supported() {
    let case = with(tx_default(), |case| {
        case.capabilities.units.retain(|unit| *unit != RateUnit::Amperes);
    });
    assert_eq!(broken(&case), (Violation::UnitUnsupported(RateUnit::Amperes), "K01.FR.26"));
}

#[test]
fn phase_to_use_needs_one_phase_and_a_switch() {
    let one = |case: &mut Case, phase| {
        first(case).periods[0].number_phases = Some(1);
        first(case).periods[0].phase_to_use = Some(phase);
    };
    assert_eq!(with(tx_default(), |case| one(case, 2)).violations(), []);
    let case = with(tx_default(), |case| first(case).periods[0].phase_to_use = Some(2));
    assert_eq!(broken(&case), (Violation::InvalidPhaseToUse(2), "K01.FR.19"));
    assert_eq!(broken(&with(tx_default(), |case| one(case, 4))).0, Violation::InvalidPhaseToUse(4));
    let case = with(tx_default(), |case| {
        one(case, 2);
        case.capabilities.switches_phase = false;
    });
    assert_eq!(broken(&case), (Violation::PhaseSwitchingUnsupported(2), "K01.FR.20, K01.FR.48"));
    let case = with(tx_default(), |case| {
        one(case, 2);
        let mut max = profile(1, 0, Purpose::StationMax, 10_000);
        max.profile.schedules[0].periods[0].phase_to_use = Some(3);
        case.profiles.push(max);
    });
    assert_eq!(broken(&case), (Violation::PhaseConflict { phase: 2, other: ProfileId(1) }, "K01.FR.141"));
}

#[test]
fn number_of_phases_must_be_possible() {
    let phases = |case: &mut Case, phases| first(case).periods[0].number_phases = Some(phases);
    assert_eq!(broken(&with(tx_default(), |case| phases(case, 0))).0, Violation::NumberPhasesOutOfRange(0));
    let case = with(tx_default(), |case| {
        phases(case, 1);
        case.capabilities.limits_phases = false;
    });
    assert_eq!(broken(&case), (Violation::CannotLimitPhases(1), "K01.FR.43"));
    let case = with(tx_default(), |case| {
        phases(case, 3);
        case.dc = true;
    });
    assert_eq!(broken(&case), (Violation::PhasesForDc, "K01.FR.44"));
}

#[test]
fn dynamic_profiles_have_one_period_and_the_others_no_updates() {
    let dynamic = |case: &mut Case| {
        case.proposed.profile.kind = Kind::Dynamic;
        case.proposed.profile.dyn_update_interval_seconds = Some(60);
    };
    assert_eq!(with(tx_default(), dynamic).violations(), []);
    let case = with(tx_default(), |case| {
        dynamic(case);
        case.capabilities.dynamic_profiles = false;
    });
    assert_eq!(broken(&case), (Violation::DynamicUnsupported, "K01.FR.121"));
    let case = with(tx_default(), |case| {
        dynamic(case);
        first(case).periods.push(period(60, 1));
    });
    assert_eq!(broken(&case), (Violation::DynamicShape, "K28.FR.01, K28.FR.02"));
    let case = with(tx_default(), |case| case.proposed.profile.dyn_update_time = Some(at(0)));
    assert_eq!(broken(&case), (Violation::NotDynamic, "K01.FR.122"));
}

#[test]
fn optional_features_of_2_1_must_be_supported() {
    let case = with(tx_default(), |case| {
        first(case).use_local_time = true;
        case.capabilities.local_time = false;
    });
    assert_eq!(broken(&case), (Violation::LocalTimeUnsupported, "K01.FR.123"));
    let case = with(tx_default(), |case| {
        first(case).randomized_delay_seconds = 60;
        case.capabilities.randomized_delay = false;
    });
    assert_eq!(broken(&case), (Violation::RandomizedDelayUnsupported, "K01.FR.124"));
    let case = with(profile(7, 0, Purpose::StationMax, 1), |case| first(case).randomized_delay_seconds = 60);
    assert_eq!(broken(&case), (Violation::RandomizedDelayNotAllowed(Purpose::StationMax), "K01.FR.95"));
    let case = with(tx_default(), |case| {
        first(case).limit_at_soc = Some(LimitAtSoc { soc_percent: 80, limit_milli: 6_000 });
        case.capabilities.limit_at_soc = false;
    });
    assert_eq!(broken(&case), (Violation::LimitAtSocUnsupported, "K01.FR.125"));
    let case = with(tx_default(), |case| {
        extra(case).evse_sleep = true;
        case.capabilities.evse_sleep = false;
    });
    assert_eq!(broken(&case), (Violation::EvseSleepUnsupported(0), "K01.FR.126"));
}

#[test]
fn priority_charging_has_no_duration_and_only_charges() {
    let case = with(profile(7, 1, Purpose::Priority, 1), |case| first(case).duration_seconds = Some(60));
    assert_eq!(broken(&case), (Violation::PriorityWithDuration, "K01.FR.70"));
    let case = with(profile(7, 1, Purpose::Priority, 1), |case| first(case).periods[0].mode = OperationMode::Idle);
    assert!(case.violations().iter().any(|found| found.requirement(Edition::V2_1) == "K01.FR.71, K01.FR.114"));
}

#[test]
fn limits_per_phase_are_for_transactions_and_need_the_first() {
    let case = with(tx_default(), |case| extra(case).limit_l2_milli = Some(1));
    assert_eq!(broken(&case), (Violation::PhaseLimitsNotAllowed(Purpose::TxDefault), "K01.FR.144"));
    let case = with(tx(), |case| {
        first(case).periods[0].mode = OperationMode::ExternalSetpoint;
        first(case).periods[0].limit_milli = None;
        extra(case).limit_l2_milli = Some(1);
    });
    assert_eq!(broken(&case), (Violation::PhaseLimitsWithoutLimit(0), "K01.FR.146"));
}

#[test]
fn rates_must_fit_the_operation_mode() {
    use OperationMode::*;
    let mode = |mode, change: fn(&mut PeriodExtra), limit: Option<i64>| {
        with(tx(), |case| {
            first(case).periods[0].mode = mode;
            first(case).periods[0].limit_milli = limit;
            change(extra(case));
        })
    };
    let missing = |mode| Violation::MissingRate { mode, start_seconds: 0 };
    let extraneous = |mode| Violation::ExtraneousRate { mode, start_seconds: 0 };
    let setpoint: fn(&mut PeriodExtra) = |extra| extra.setpoint.l1_milli = Some(5_000);
    assert_eq!(broken(&mode(ChargingOnly, |_| (), None)).0, missing(ChargingOnly));
    assert_eq!(broken(&mode(CentralSetpoint, |_| (), Some(1))).0, missing(CentralSetpoint));
    assert_eq!(mode(CentralSetpoint, setpoint, None).violations(), []);
    assert_eq!(mode(Idle, |_| (), None).violations(), []);
    assert_eq!(broken(&mode(Idle, |_| (), Some(0))), (extraneous(Idle), "Q10.FR.02"));
    assert_eq!(broken(&mode(ExternalLimits, |_| (), None)), (Violation::ModeUnsupported(ExternalLimits), "K01.FR.115"));
    assert_eq!(broken(&mode(CentralSetpoint, setpoint, Some(4_000))), (Violation::SetpointOutsideLimits(0), "V2X.05"));
    let below: fn(&mut PeriodExtra) = |extra| {
        extra.setpoint.l1_milli = Some(-750);
        extra.discharge_limit.l1_milli = Some(-500);
    };
    assert_eq!(broken(&mode(CentralSetpoint, below, None)).0, Violation::SetpointOutsideLimits(0));
    let curve: fn(&mut PeriodExtra) = |extra| {
        extra.frequency_curve = vec![FrequencyPoint { millihertz: 50_000, milliwatts: 0 }; 2];
        extra.baseline_milliwatts = Some(0);
    };
    assert_eq!(mode(LocalFrequency, curve, None).violations(), []);
    assert_eq!(broken(&mode(LocalFrequency, |_| (), None)), (Violation::NoFrequencyCurve(0), "Q08.FR.03"));
    assert_eq!(broken(&mode(LocalFrequency, curve, Some(1))), (extraneous(LocalFrequency), "Q08.FR.04"));
    let mut case = mode(LocalLoadBalancing, |_| (), None);
    assert_eq!(case.violations(), []);
    case.capabilities.load_balancing_thresholds = false;
    assert_eq!(broken(&case), (Violation::NoLoadBalancingThresholds, "Q09.FR.02"));
}

#[test]
fn operation_modes_are_bound_to_purposes() {
    let allowed = |purpose, mode| {
        let case = with(profile(7, 0, purpose, 1), |case| {
            case.capabilities.modes.push(OperationMode::ExternalLimits);
            case.delivery = Delivery::ExternalSystem;
            let extra = PeriodExtra {
                setpoint: PhaseRates { l1_milli: Some(0), ..PhaseRates::default() },
                ..PeriodExtra::default()
            };
            first(case).periods[0].mode = mode;
            first(case).periods[0].extra = Some(Box::new(extra));
        });
        !case.violations().contains(&Violation::ModeNotAllowed { mode, purpose })
    };
    use OperationMode::{CentralSetpoint, ChargingOnly, ExternalLimits, ExternalSetpoint};
    let modes = [ChargingOnly, ExternalLimits, ExternalSetpoint, CentralSetpoint];
    let expected = [
        (Purpose::StationMax, 1),
        (Purpose::Priority, 1),
        (Purpose::LocalGeneration, 2),
        (Purpose::ExternalConstraints, 3),
        (Purpose::TxDefault, 4),
    ];
    for (purpose, count) in expected {
        assert_eq!(modes.map(|mode| allowed(purpose, mode)), [0, 1, 2, 3].map(|index| index < count), "{purpose:?}");
    }
}
