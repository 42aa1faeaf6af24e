//! Everything that a station orders or tells.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ocpp_rpc::handshake::SecurityProfile;
use ocpp_types::SmallString;
#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

#[cfg(feature = "smart_charging")]
use super::ProfileRefusal;
use super::{
    AskId, AuthorizationStatus, CallFailure, CertificateHash, CertificateUse, ConnectorId, DataTransferStatus,
    Direction, DisplayOrder, EvseAction, EvseId, FrameRefusal, IdToken, Job, JobId, PricingEvent, Question, RawFrame,
    RawJson, RegistrationStatus, RepairNote, SecurityEventKind, StopReason, TransactionId,
};
use crate::store::{LogIndex, StoreOp, Ticket};
use crate::text::Text;
use crate::time::Instant;

/// An order to carry out, or an event to know of. Exhaustive: a host must handle each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum Action {
    /// To the WebSocket.
    Link(LinkAction),
    /// To the store; confirmed by `Input::Stored` with the ticket.
    Store {
        /// Numbers the operation.
        ticket: Ticket,
        /// What to do.
        op: StoreOp,
    },
    /// To the hardware of an EVSE.
    Evse(EvseId, EvseAction),
    /// Work of the host that takes long.
    Job(JobId, Job),
    /// To the displays, if there are any.
    Display(DisplayOrder),
    /// Set the host's clock, if it has one.
    SetClock(DateTime<Utc>),
    /// Restart, now.
    Reboot(RebootKind),
    /// A question to the application. Without an answer until the deadline, the default is taken.
    Ask {
        /// Names the question in the answer.
        id: AskId,
        /// The deadline.
        until: Instant,
        /// What is asked.
        question: Question,
    },
    /// Something happened. May be ignored without harm.
    Event(Event),
}

/// An order to the WebSocket.
///
/// Each connection ends for the station with its own order: after `Close`, and after the next `Connect`, nothing that the
/// former connection still brings is to be told. A host reads each connection from a queue of its own and drops it with the
/// connection, or numbers its connections and compares. What comes late all the same is ignored while no connection is open;
/// a late `Closed` at worst costs a further attempt, since an `Opened` counts whenever it comes.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum LinkAction {
    /// Connect, and report `Opened` or `Closed`.
    Connect(ConnectRequest),
    /// Send a text message.
    Send(#[cfg_attr(feature = "serde", serde(with = "crate::forms::text"))] Vec<u8>),
    /// Send a ping.
    Ping,
    /// Close the connection, if there is one. No `Closed` need follow.
    Close,
}

impl fmt::Debug for LinkAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkAction::Connect(request) => f.debug_tuple("Connect").field(request).finish(),
            LinkAction::Send(bytes) => write!(f, "Send({})", Text(bytes)),
            LinkAction::Ping => f.write_str("Ping"),
            LinkAction::Close => f.write_str("Close"),
        }
    }
}

/// How to connect.
///
/// The security profile says what the host sees to (white paper §2): from profile 2 on, that the certificate of the CSMS
/// is valid and names its host, and that TLS is 1.2 or later with a secure cipher suite; with profile 3, that the station's
/// certificate is presented. What does not hold ends the attempt with
/// [`LinkInput::Refused`](super::LinkInput::Refused).
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct ConnectRequest {
    /// The whole connection URL, identity included (OCPP-J 1.6 §3.1.1).
    pub url: SmallString,
    /// Subprotocols to offer, most wanted first.
    pub subprotocols: Vec<SmallString>,
    /// The value of the `Authorization` header, with a password.
    pub authorization: Option<SmallString>,
    /// The security profile, if one is in use. The URL has its scheme.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub security_profile: Option<SecurityProfile>,
    /// Which of the host's networks to use, if that was said ([`NetworkConfig::slot`](super::NetworkConfig::slot)).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub slot: Option<u32>,
    /// What the CSMS set for this connection (2.x B09); none where it is as the configuration has it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub profile: Option<Box<NetworkConnectionProfile>>,
}

/// A network connection profile of the CSMS (2.x NetworkConnectionProfileType). What concerns the protocol alone is carried out without
/// the host's help: URL, security profile, credentials and time-out.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub struct NetworkConnectionProfile {
    /// The slot that it is in, from 1.
    pub slot: u8,
    /// The interface to connect over: `Wired0` to `Wired3`, `Wireless0` to `Wireless3`, in 2.1 also `Any`.
    pub interface: SmallString,
    /// The request that set it, as the CSMS sent it: the JSON of a SetNetworkProfileRequest, with `apn` and `vpn` and their passwords in
    /// its `connectionData`.
    pub request: SmallString,
}

impl fmt::Debug for NetworkConnectionProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkConnectionProfile")
            .field("slot", &self.slot)
            .field("interface", &self.interface)
            .field("request", &"***")
            .finish()
    }
}

impl ConnectRequest {
    /// To connect to this URL, offering these, without credentials.
    pub fn new(url: &str, subprotocols: Vec<SmallString>) -> Self {
        let url = SmallString::new(url);
        ConnectRequest { url, subprotocols, authorization: None, security_profile: None, slot: None, profile: None }
    }
}

impl fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectRequest")
            .field("url", &self.url)
            .field("subprotocols", &self.subprotocols)
            .field("authorization", &self.authorization.as_ref().map(|_| "***"))
            .field("security_profile", &self.security_profile)
            .field("slot", &self.slot)
            .field("profile", &self.profile)
            .finish()
    }
}

/// How much to restart (1.6 §7.42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum RebootKind {
    /// The application.
    Soft,
    /// All hardware.
    Hard,
}

/// The journal position of a transaction's start: unique for the station's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub(crate) struct TransactionNo(pub LogIndex);

impl TransactionNo {
    /// The name by which the boundary knows it.
    pub fn id(self) -> TransactionId {
        TransactionId::new(&crate::words::numbered("", self.0.0))
    }
}

/// The status of an EVSE as both families know it (1.6 `ChargePointStatus`, §4.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum EvseStatus {
    /// Free.
    Available,
    /// In use, no transaction yet.
    Preparing,
    /// Energy flows.
    Charging,
    /// The vehicle takes no energy.
    SuspendedEv,
    /// The station gives no energy.
    SuspendedEvse,
    /// The transaction ended, the driver must act.
    Finishing,
    /// Reserved.
    Reserved,
    /// Out of service.
    Unavailable,
    /// Out of order.
    Faulted,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum Event {
    /// The link is open.
    Connected {
        /// The subprotocol in use.
        subprotocol: SmallString,
    },
    /// The link is gone, or no connection could be made; the next attempt comes at `retry_at`.
    Disconnected {
        /// When the next attempt is made; none where the host wants none ([`Command::Disconnect`](super::Command::Disconnect)).
        retry_at: Option<Instant>,
    },
    /// The server chose a subprotocol that was not offered.
    SubprotocolRefused {
        /// Its choice.
        subprotocol: SmallString,
    },
    /// The CSMS answered a BootNotification.
    Registration(RegistrationStatus),
    /// The status of an EVSE changed.
    Status {
        /// The EVSE.
        evse: EvseId,
        /// The new status.
        status: EvseStatus,
    },
    /// A token may charge.
    TokenAccepted {
        /// Where it was presented, or will charge.
        evse: Option<EvseId>,
    },
    /// A token may not charge, or means nothing here.
    TokenRefused {
        /// Where it was presented.
        evse: Option<EvseId>,
        /// Why.
        reason: TokenRefusal,
    },
    /// A transaction began.
    TransactionStarted {
        /// The EVSE.
        evse: EvseId,
        /// The transaction, as the station itself names it in all events: the journal position of its begin.
        transaction: TransactionId,
        /// The name by which the CSMS knows it, the same over restarts: the number that a CSMS of 1.6 gave it, or the station's own name
        /// for it (2.x). None while it has none.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        name: Option<TransactionId>,
    },
    /// The CSMS knows the transaction.
    TransactionKnown {
        /// The transaction.
        transaction: TransactionId,
        /// The CSMS's number for it; none when it could not be told.
        csms_id: Option<i64>,
        /// The name by which the CSMS knows it, if it has one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        name: Option<TransactionId>,
        /// What it says of the token.
        status: Option<AuthorizationStatus>,
    },
    /// A transaction ended.
    TransactionEnded {
        /// The EVSE.
        evse: EvseId,
        /// The transaction.
        transaction: TransactionId,
        /// The name by which the CSMS knows it, if it has one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        name: Option<TransactionId>,
        /// Why.
        reason: StopReason,
    },
    /// The meter did not answer in time; the last values were used.
    MeterSilent {
        /// The EVSE.
        evse: EvseId,
    },
    /// The meter shows a register that cannot follow what it showed before: it went back, or counted more than any station
    /// gives. Nothing is told by this reading; should the register go on from there, what is told of the transaction does so
    /// too, from where it was. What was told never goes back.
    MeterImplausible {
        /// The EVSE.
        evse: EvseId,
        /// The register as shown, in mWh.
        energy_mwh: i64,
    },
    /// A message about a transaction was given up after all attempts (1.6 §3.7.1).
    TransactionMessageDropped {
        /// The transaction.
        transaction: TransactionId,
        /// The action's name.
        action: SmallString,
    },
    /// A meter sample is not told, because the journal is full: one of those that are spread over the time, or the new one
    /// where none can go.
    SampleDropped {
        /// The transaction.
        transaction: TransactionId,
    },
    /// A store operation failed and will be issued again.
    StoreTrouble {
        /// The operation.
        ticket: Ticket,
        /// When it is issued again.
        retry_at: Instant,
    },
    /// A stored value could not be read and was left out.
    RecordSkipped {
        /// The entry's name, or the log's name and position.
        place: SmallString,
    },
    /// A message broke its schema in ways that are allowed, and was read all the same.
    Repaired {
        /// The action's name; of an answer that of its call.
        action: SmallString,
        /// How often.
        count: usize,
        /// Where and how, the first of them.
        repairs: Vec<RepairNote>,
    },
    /// What could not be read, or in parts only, as it arrived. What was done of it, the events beside this one tell.
    Unread {
        /// The frame.
        frame: RawFrame,
    },
    /// A frame of the CSMS was wrong; it was answered where an answer is due.
    FrameRefused {
        /// Why.
        #[cfg_attr(feature = "serde", serde(default))]
        cause: FrameRefusal,
        /// What was wrong, in words.
        reason: SmallString,
    },
    /// A call of ours was answered with an error, or not in time.
    CallFailed {
        /// The action's name.
        action: SmallString,
        /// Why.
        #[cfg_attr(feature = "serde", serde(default))]
        cause: CallFailure,
        /// What happened, in words.
        reason: SmallString,
    },
    /// A charging profile of the CSMS was refused.
    #[cfg(feature = "smart_charging")]
    ProfileRefused {
        /// What kind of rule it breaks.
        #[cfg_attr(feature = "serde", serde(default))]
        cause: ProfileRefusal,
        /// The rule, in words.
        reason: SmallString,
    },
    /// Data that the application sent were answered, or were not.
    DataTransferEnded {
        /// The vendor's name.
        vendor_id: SmallString,
        /// The CSMS's verdict; none when there was no usable answer, and the data may have arrived or not.
        status: Option<DataTransferStatus>,
        /// The answer's data.
        data: Option<String>,
    },
    /// What a vehicle's request for a certificate came to ([`Command::EvCertificate`](super::Command::EvCertificate)).
    EvCertificate {
        /// Where it is plugged in.
        evse: EvseId,
        /// The answer for the vehicle, in EXI and Base64; none if there is none.
        exi: Option<String>,
    },
    /// The CSMS was asked for the revocation status of a certificate
    /// ([`Command::WatchCertificates`](super::Command::WatchCertificates)).
    CertificateStatus {
        /// The certificate.
        hash: CertificateHash,
        /// The OCSP response (RFC 6960), in DER and Base64; none if the CSMS has none now. It is asked again.
        response: Option<String>,
    },
    /// Something of prices and costs to show to the driver.
    Pricing(PricingEvent),
    /// A configuration key changed.
    Configured {
        /// The key's name.
        key: SmallString,
        /// Its value now; none where it is secret.
        #[cfg_attr(feature = "serde", serde(default))]
        value: Option<SmallString>,
    },
    /// An EVSE, or the station with all, was taken out of service or back, by the CSMS or the host. What is in use goes out of service
    /// when it becomes free, which [`Status`](Self::Status) tells.
    AvailabilityChanged {
        /// The EVSE; none is the station.
        evse: Option<EvseId>,
        /// One of its connectors; none is the EVSE with all.
        connector: Option<ConnectorId>,
        /// Whether it is in service from now on.
        is_operative: bool,
    },
    /// What the host asked about a token ([`Command::ValidateToken`](super::Command::ValidateToken)).
    TokenValidated {
        /// The token.
        token: IdToken,
        /// Why it may not charge; none if it may.
        refusal: Option<TokenRefusal>,
        /// The group that it is of (1.6: its parent), where that is known.
        group: Option<IdToken>,
        /// Until when it is good, where the CSMS told.
        expires: Option<DateTime<Utc>>,
        /// Where it may charge, if not at every EVSE (2.x).
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Vec::is_empty"))]
        evses: Vec<EvseId>,
    },
    /// A master pass was presented (2.x C16): all transactions end, or those that its owner chooses
    /// ([`PolicyConfig::shows_master_pass`](super::PolicyConfig::shows_master_pass)).
    MasterPass {
        /// The token.
        token: IdToken,
    },
    /// The CSMS starts a transaction: its token counts as one that was presented, and is asked about where it has to be.
    RemoteStart {
        /// Where; none if wherever its driver plugs in.
        evse: Option<EvseId>,
        /// The token.
        token: IdToken,
        /// The order's number, where orders have one (2.x).
        remote_start: Option<i64>,
    },
    /// A place is kept for somebody, or for longer than before.
    Reserved {
        /// The CSMS's number for it.
        id: i64,
        /// What is kept; none is one of all EVSEs.
        evse: Option<EvseId>,
        /// For whom.
        token: IdToken,
        /// The group that may use it too.
        group: Option<IdToken>,
        /// Until when.
        expires: Option<DateTime<Utc>>,
    },
    /// A place is kept no longer: it was used, cancelled, expired, or its EVSE failed.
    ReservationEnded {
        /// The CSMS's number for it.
        id: i64,
    },
    /// What charging profiles and the site's limits allow from now on is another: see
    /// [`composite_schedule`](crate::Station::composite_schedule). What follows from time alone is not told.
    SchedulesChanged,
    /// Time to look whether a certificate of the station's own is there and valid: a minute after the first acceptance, and every twelve
    /// hours. The host answers with [`Command::CertificateExpires`](super::Command::CertificateExpires), or has it signed anew with
    /// [`Command::SignCertificate`](super::Command::SignCertificate).
    CheckCertificate {
        /// Which.
        usage: CertificateUse,
    },
    /// A call is about to be handled, or to leave, and is to be observed ([`Handling::Observe`](super::Handling::Observe)).
    Observed {
        /// Which way it goes.
        direction: Direction,
        /// The action's name.
        action: SmallString,
        /// The payload; of a call of the CSMS not checked.
        payload: RawJson,
    },
    /// A call of the application ([`Command::Call`](super::Command::Call)) ended. They end in the order of the commands.
    CallAnswered {
        /// The action's name.
        action: SmallString,
        /// The payload of the answer, not checked, or why there is none. If the link went or the time was over, the CSMS may
        /// have executed the call.
        result: Result<RawJson, SmallString>,
        /// Why there is no answer; none if there is one.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        cause: Option<CallFailure>,
    },
    /// The clock was set.
    ClockSet {
        /// The new time.
        wall: DateTime<Utc>,
    },
    /// A time was not taken over: it is impossible, or an answer of the CSMS steps too far to be believed alone
    /// ([`PlausibleTime`](crate::time::PlausibleTime)).
    ClockRefused {
        /// The time.
        wall: DateTime<Utc>,
    },
    /// Something happened to the station's security: an entry for the security log, which is the host's (A04.FR.04). The
    /// CSMS is told by the station.
    SecurityEvent {
        /// What.
        kind: SecurityEventKind,
        /// More of it, at most 255 characters.
        info: Option<SmallString>,
    },
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
#[non_exhaustive]
pub enum TokenRefusal {
    /// The CSMS said so.
    Csms(AuthorizationStatus),
    /// The CSMS cannot be asked, and the station may not decide alone.
    Offline,
    /// The CSMS gave no usable answer.
    NoAnswer,
    /// It was accepted for any EVSE, and nobody plugged in anywhere in time.
    Late,
    /// The EVSE is in use by another token.
    Occupied,
    /// It is a master pass, which ends transactions and begins none (2.x C16.FR.03).
    MasterPass,
    /// It may charge at other EVSEs only (2.x C01.FR.21).
    OtherEvse,
    /// The EVSE is faulted, out of service or reserved for another.
    Unavailable,
    /// Contracts are not accepted: Plug & Charge is switched off.
    Disabled,
    /// The certificates of a contract are not valid, or cannot be checked.
    Certificate,
    /// The text cannot be sent in the version spoken.
    Unsendable,
    /// The meter says nothing, and without it no transaction begins
    /// ([`WithoutMeter::Refuse`](super::WithoutMeter::Refuse)).
    MeterSilent,
    /// The station is busy with another token, or its journal has no room.
    Busy,
}
