//! The messages, as the application note has them (§6 to §8): JSON in the data of a DataTransfer.
//!
//! Calls of the CSMS are read with the quirks that are configured. Of its answers what is needed is read: many a CSMS gives those of 2.0.1, which tell more.

use alloc::string::String;
use alloc::vec::Vec;

use ocpp_types::codec::Decode;
use ocpp_types::datetime::UnixMillis;
use ocpp_types::json::{Kind, Reader, Writer};
use ocpp_types::tables::View as _;
use ocpp_types::tables::v1_6::{AuthorizationStatus, CertificateHashData, GetInstalledCertificateStatus};
use ocpp_types::violation::{Fault, Rule};

use super::VENDOR;
use crate::face::answers::Written;
use crate::face::failure::{Message, Unsendable};
use crate::station::{CertificateUse, Contract, ContractCheck, EvCertificateAction, InstalledCertificate, OcspRequest};
use crate::v1_6::station::certificates::{algorithm, does_fit, write_hash};
use crate::v1_6::station::{EDITION, data_transfer};

/// The most certificates of a chain that the CSMS is told of (§6.1.1).
const MAX_CHAIN: usize = 4;

/// A call of this name, its members written by `members`.
fn call(name: &str, members: &dyn Fn(&mut Writer) -> Result<(), Unsendable>) -> Message {
    let mut writer = Writer::new();
    writer.begin_object();
    members(&mut writer)?;
    writer.end_object();
    data_transfer::request(VENDOR, Some(name), Some(&writer.finish().map_err(|_| Unsendable)?))
}

/// Writes a text of at most `most` characters.
fn bounded(writer: &mut Writer, name: &'static str, text: &str, most: usize) -> Result<(), Unsendable> {
    if text.chars().count() > most {
        return Err(Unsendable);
    }
    writer.name(name);
    writer.string(text);
    Ok(())
}

/// §6.1.1. What the CSMS needs to judge the contract: the chain itself where the station could not.
pub(in crate::v1_6::station) fn authorize(contract: &Contract) -> Message {
    call("Authorize", &|writer| {
        if let (ContractCheck::UnknownRoot, Some(certificate)) = (contract.check, &contract.certificate) {
            bounded(writer, "certificate", certificate, 5500)?;
        }
        writer.name("idToken");
        writer.begin_object();
        bounded(writer, "idToken", contract.token.as_str(), 20)?;
        writer.end_object();
        if !contract.ocsp.is_empty() {
            writer.name("iso15118CertificateHashData");
            writer.begin_array();
            for request in contract.ocsp.iter().take(MAX_CHAIN) {
                ocsp_request(writer, request)?;
            }
            writer.end_array();
        }
        Ok(())
    })
}

/// §6.4.1.
pub(super) fn ev_certificate(action: EvCertificateAction, schema: &str, exi: &str) -> Message {
    call("Get15118EVCertificate", &|writer| {
        bounded(writer, "iso15118SchemaVersion", schema, 50)?;
        writer.name("action");
        writer.string(match action {
            EvCertificateAction::Install => "Install",
            EvCertificateAction::Update => "Update",
        });
        bounded(writer, "exiRequest", exi, 5600)
    })
}

/// §6.5.1.
pub(super) fn certificate_status(request: &OcspRequest) -> Message {
    call("GetCertificateStatus", &|writer| {
        writer.name("ocspRequestData");
        ocsp_request(writer, request)
    })
}

/// §6.8.1, with the kind of certificate as in the example of §2.2.
pub(super) fn sign_certificate(csr: &str) -> Message {
    call("SignCertificate", &|writer| {
        bounded(writer, "csr", csr, 5500)?;
        writer.name("certificateType");
        writer.string("V2GCertificate");
        Ok(())
    })
}

/// §7.5.
fn ocsp_request(writer: &mut Writer, request: &OcspRequest) -> Result<(), Unsendable> {
    let hash = &request.hash;
    writer.begin_object();
    writer.name("hashAlgorithm");
    writer.string(algorithm(hash).as_str());
    bounded(writer, "issuerNameHash", &hash.issuer_name_hash, 128)?;
    bounded(writer, "issuerKeyHash", &hash.issuer_key_hash, 128)?;
    bounded(writer, "serialNumber", &hash.serial_number, 40)?;
    bounded(writer, "responderURL", &request.responder_url, 512)?;
    writer.end_object();
    Ok(())
}

/// The answer to Authorize (§6.1.2).
pub(super) struct AuthorizeAnswer {
    /// Whether nothing was found against the certificates.
    pub is_certificate_accepted: bool,
    pub status: AuthorizationStatus,
    pub expiry: Option<UnixMillis>,
}

impl Decode for AuthorizeAnswer {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let start = reader.position();
        let (mut certificate_status, mut info) = (None, None);
        members(reader, &mut |reader, name| match name {
            "certificateStatus" => text(reader).map(|text| certificate_status = Some(text)),
            "idTokenInfo" => Decode::read(reader).map(|read| info = Some(read)),
            _ => reader.skip_value(),
        })?;
        let TokenInfo { status, expiry } = required(info, "idTokenInfo", start)?;
        let is_certificate_accepted = certificate_status.is_none_or(|status| status == "Accepted");
        Ok(AuthorizeAnswer { is_certificate_accepted, status, expiry })
    }
}

struct TokenInfo {
    status: AuthorizationStatus,
    expiry: Option<UnixMillis>,
}

impl Decode for TokenInfo {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let start = reader.position();
        let (mut status, mut expiry) = (None, None);
        members(reader, &mut |reader, name| match name {
            "status" => {
                // 2.0.1 knows more ways to refuse.
                status = Some(AuthorizationStatus::from_text(&text(reader)?).unwrap_or(AuthorizationStatus::Invalid));
                Ok(())
            }
            "cacheExpiryDateTime" => Decode::read(reader).map(|read| expiry = Some(read)),
            _ => reader.skip_value(),
        })?;
        Ok(TokenInfo { status: required(status, "status", start)?, expiry })
    }
}

/// An answer with a status and, where that is `Accepted`, a text (§6.4.2, §6.5.2).
pub(super) struct Result15118(pub Option<String>);

impl Result15118 {
    /// Reads it; the text is the member `name`, of at most `most` characters.
    pub fn from_json(data: &str, name: &'static str, most: usize) -> Result<Self, Fault> {
        let reader = &mut Reader::new(data);
        let (mut status, mut result) = (None, None);
        let start = reader.position();
        members(reader, &mut |reader, member| match member {
            "status" => text(reader).map(|text| status = Some(text)),
            member if member == name => {
                let fault = reader.fault(Rule::TooLong { max: most, actual: most + 1 });
                let read = text(reader)?;
                if read.len() > most {
                    return Err(fault);
                }
                result = Some(read);
                Ok(())
            }
            _ => reader.skip_value(),
        })?;
        reader.finish()?;
        let is_accepted = required(status, "status", start)? == "Accepted";
        // Required where it was accepted.
        if is_accepted {
            required(result, name, start).map(|text| Result15118(Some(text)))
        } else {
            Ok(Result15118(None))
        }
    }
}

/// CertificateSigned (§6.2.1), with the kind of certificate that 2.0.1 names.
pub(super) struct SignedChain {
    pub chain: String,
    /// It is that for vehicles.
    pub is_v2g: bool,
}

impl Decode for SignedChain {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["certificateChain", "certificateType"])?;
        let (mut chain, mut is_v2g) = (None, true);
        while let Some(index) = members.next(reader)? {
            match index {
                0 => chain = Some(reader.text_at_most(10_000)?.into_owned()),
                _ => is_v2g = text(reader)? == "V2GCertificate",
            }
        }
        Ok(SignedChain { chain: members.required(0, chain)?, is_v2g })
    }
}

/// InstallCertificate (§6.7.1).
pub(super) struct RootCertificate {
    pub usage: CertificateUse,
    pub certificate: String,
}

impl Decode for RootCertificate {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["certificateType", "certificate"])?;
        let (mut usage, mut certificate) = (None, None);
        while let Some(index) = members.next(reader)? {
            match index {
                0 => usage = Some(certificate_use(reader, &ROOTS)?),
                _ => certificate = Some(reader.text_at_most(5_500)?.into_owned()),
            }
        }
        Ok(RootCertificate { usage: members.required(0, usage)?, certificate: members.required(1, certificate)? })
    }
}

/// GetInstalledCertificateIds (§6.6.1): of these uses.
pub(super) struct WantedUses(pub Vec<CertificateUse>);

impl Decode for WantedUses {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["certificateType"])?;
        let mut uses = Vec::new();
        while members.next(reader)?.is_some() {
            uses = reader.list_with(0, USES.len(), |reader| certificate_use(reader, &USES))?;
        }
        if uses.is_empty() {
            uses.extend(USES.map(|(usage, _)| usage));
        }
        Ok(WantedUses(uses))
    }
}

/// TriggerMessage (§6.9.1), which has no members; some name the message, as in 2.0.1.
pub(super) struct Trigger {
    pub is_for_certificate: bool,
}

impl Decode for Trigger {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut members = reader.members(&["requestedMessage"])?;
        let mut is_for_certificate = true;
        while members.next(reader)?.is_some() {
            is_for_certificate = text(reader)? == "SignV2GCertificate";
        }
        Ok(Trigger { is_for_certificate })
    }
}

/// The answer to GetInstalledCertificateIds (§6.6.2): those of what the host keeps that the note knows.
pub(super) fn installed(kept: &[InstalledCertificate]) -> Written {
    let mut known = kept.iter().filter(|kept| use_name(kept.usage).is_some() && does_fit(&kept.hash)).peekable();
    let mut writer = Writer::new();
    writer.begin_object();
    writer.name("status");
    let status = match known.peek() {
        None => GetInstalledCertificateStatus::NotFound,
        Some(_) => GetInstalledCertificateStatus::Accepted,
    };
    writer.string(status.as_str());
    if known.peek().is_some() {
        writer.name("certificateHashDataChain");
        writer.begin_array();
        for kept in known {
            writer.begin_object();
            writer.name("certificateType");
            writer.string(use_name(kept.usage).unwrap_or_default());
            writer.name("certificateHashData");
            CertificateHashData::write(&mut writer, EDITION, |data| write_hash(data, &kept.hash));
            let mut children = kept.children.iter().take(MAX_CHAIN).filter(|hash| does_fit(hash)).peekable();
            if children.peek().is_some() {
                writer.name("childCertificateHashData");
                writer.begin_array();
                for hash in children {
                    CertificateHashData::write(&mut writer, EDITION, |data| write_hash(data, hash));
                }
                writer.end_array();
            }
            writer.end_object();
        }
        writer.end_array();
    }
    writer.end_object();
    writer.finish()
}

const ROOTS: [(CertificateUse, &str); 2] =
    [(CertificateUse::V2gRoot, "V2GRootCertificate"), (CertificateUse::MoRoot, "MORootCertificate")];
const USES: [(CertificateUse, &str); 3] = [ROOTS[0], ROOTS[1], (CertificateUse::V2g, "V2GCertificateChain")];

/// §8.7. None for those that the security white paper is about (§2.3).
fn use_name(usage: CertificateUse) -> Option<&'static str> {
    USES.iter().find(|(known, _)| *known == usage).map(|(_, name)| *name)
}

fn certificate_use(reader: &mut Reader<'_>, known: &[(CertificateUse, &str)]) -> Result<CertificateUse, Fault> {
    let fault = reader.fault(Rule::NotInEnumeration("certificateType"));
    let name = reader.string()?;
    known.iter().find(|(_, known)| *known == name).map(|(usage, _)| *usage).ok_or(fault)
}

fn text(reader: &mut Reader<'_>) -> Result<String, Fault> {
    reader.string().map(|text| text.into_owned())
}

fn required<T>(value: Option<T>, name: &'static str, start: usize) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::new(Rule::Missing(name), start))
}

/// Reads an object that may have members beside those that are wanted.
fn members(
    reader: &mut Reader<'_>,
    member: &mut dyn FnMut(&mut Reader<'_>, &str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    reader.begin_object()?;
    while let Some(name) = reader.next_key()? {
        // One that is null is as good as absent.
        if reader.peek()? == Kind::Null { reader.skip_value()? } else { member(reader, &name)? }
    }
    Ok(())
}
