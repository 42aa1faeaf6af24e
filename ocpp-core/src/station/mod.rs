//! The boundary of a charging station: facts in, orders out, whatever version is spoken.

mod action;
mod cause;
mod certificate;
mod config;
mod contract;
mod display;
mod evse;
mod faults;
mod handling;
mod input;
mod job;
mod layout;
mod meter;
mod mrec;
mod pricing;
mod question;
mod security;
mod setting;
mod timer;
mod vehicle;
mod view;

pub(crate) use action::TransactionNo;
pub use action::{
    Action, ConnectRequest, Event, EvseStatus, LinkAction, NetworkConnectionProfile, RebootKind, TokenRefusal,
};
pub use cause::{CallFailure, FrameRefusal};
pub use certificate::{CertificateHash, CertificateUse, HashAlgorithm, InstalledCertificate};
pub use config::{
    AfterPowerLoss, DeviceConfig, HardwareConfig, InstalledCertificates, Limits, NetworkConfig, PolicyConfig, Secret,
    StationConfig, Supply, Wiring, WithoutMeter,
};
pub(crate) use contract::MAX_WATCHED;
pub use contract::{Contract, ContractCheck, EvCertificateAction, OcspRequest, WatchedCertificate};
pub use display::{DisplayId, DisplayMessage, DisplayOrder};
pub(crate) use evse::EvseFacts;
pub use evse::{
    Cable, ConnectorAction, ConnectorId, ConnectorInput, Contactor, EvseAction, EvseId, EvseInput, Fault, FaultCode,
    Limit, Lock, Power, SiteLimit, Vehicle,
};
pub(crate) use faults::Faults;
pub use handling::{Direction, Handling, HandlingRule, RawJson};
pub use input::{Command, ConnectRefusal, Input, LinkInput};
pub use job::{FileLocation, FirmwareSignature, Job, JobId, JobUpdate, LogKind};
pub use layout::{ConnectorConfig, EvseConfig};
pub(crate) use meter::MeasurandChoice;
pub use meter::{Measurand, MeterReading, MeterSample, Phase, SignedValue, Unit};
pub use mrec::Mrec;
pub use pricing::{
    Amount, ChargingPrice, CostState, DefaultPrice, IdlePrice, NextPrices, PriceText, Prices, PricingEvent, RunningCost,
};
#[cfg(feature = "california_pricing")]
pub(crate) use pricing::{amount, text};
pub use question::{Answer, Customer, IncomingAnswer, OutgoingAnswer, Question, UploadAnswer};
#[cfg(feature = "security")]
pub(crate) use security::Reporting;
pub use security::SecurityEventKind;
pub use setting::{CustomSetting, SettingAccess, SettingKind};
pub use timer::Timer;
pub use vehicle::{AcNeeds, Bay, ChargingNeeds, DcNeeds};
pub use view::{EvseView, LinkView, ReservationView, SessionView, SettingView};

#[cfg(feature = "smart_charging")]
pub use ocpp_smartcharging::validate::ReasonCode as ProfileRefusal;

pub use crate::reasons::{BootReason, ChargingState, StopReason, TriggerReason};
pub use crate::terms::{
    AskId, AuthorizationStatus, DataTransferStatus, IdToken, RawFrame, RegistrationStatus, RepairNote,
};
pub use crate::transaction_id::TransactionId;
