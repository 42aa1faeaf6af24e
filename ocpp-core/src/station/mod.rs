//! The boundary of a charging station: facts in, orders out, whatever version is spoken.

mod action;
mod config;
mod evse;
mod handling;
mod input;
mod job;
mod meter;
mod mrec;
mod question;
mod setting;

pub use action::{
    Action, ConnectRequest, Event, EvseStatus, LinkAction, RebootKind, StopReason, TokenRefusal, TransactionNo,
};
pub use config::{AfterPowerLoss, Limits, Secret, StationConfig, Supply, Wiring};
pub(crate) use evse::EvseFacts;
pub use evse::{Cable, Contactor, EvseAction, EvseId, EvseInput, Fault, FaultCode, Limit, Lock, Power, Vehicle};
pub use handling::{Direction, Handling, HandlingRule, RawJson};
pub use input::{Command, Input, LinkInput};
pub use job::{FileLocation, Job, JobId, JobUpdate};
pub(crate) use meter::MeasurandChoice;
pub use meter::{Measurand, MeterReading, MeterSample, Phase, Unit};
pub use mrec::Mrec;
pub use question::{Answer, IncomingAnswer, OutgoingAnswer, Question};
pub use setting::{CustomSetting, SettingAccess, SettingKind};

pub use crate::terms::{AskId, AuthorizationStatus, DataTransferStatus, IdToken, RegistrationStatus};
