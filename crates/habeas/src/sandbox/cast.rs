//! Who is in the sandbox?

use habeas_core::{dialect::DialectId, identity::Format, role::Role};
use habeas_trust::signing::Algorithm;

use super::folder::Call;
use crate::dialects;

pub(super) const MAIL: &str = "mail.localhost";
pub(super) const ADS: &str = "ads.localhost";
const PUSH: &str = "push.localhost";
pub(super) const AGENT: &str = "agent.localhost";
pub(super) const SHOP: &str = "shop.localhost";
pub(super) const HELPER: &str = "helper.localhost";

const V1_0: DialectId = dialects::USUAL;
const V0_1_3: DialectId = DialectId::known("opengdpr/0.1.3");
const V0_1_2: DialectId = DialectId::known("opengdpr/0.1.2");
const DRP: DialectId = DialectId::known("drp/0.5");

/// One of them.
pub(super) struct Member {
    /// Its domain.
    pub(super) domain: &'static str,
    /// Its role.
    pub(super) role: Role,
    /// What it serves, the first without prefix too.
    pub(super) dialects: &'static [DialectId],
    /// What else it serves, in which role and where.
    pub(super) also: &'static [(DialectId, Role, &'static str)],
    /// How it signs: one of each kind is seen.
    pub(super) algorithm: Algorithm,
    /// By what it knows people.
    pub(super) identities: &'static [(&'static str, Format)],
}

const USUAL_IDENTITIES: &[(&str, Format)] =
    &[("email", Format::Raw), ("email", Format::Sha256), ("controller_customer_id", Format::Raw)];

/// All of them.
pub(super) static CAST: [Member; 6] = [
    Member {
        domain: MAIL,
        role: Role::Processor,
        dialects: &[V1_0],
        also: &[],
        algorithm: Algorithm::RsaPkcs1Sha256,
        identities: USUAL_IDENTITIES,
    },
    Member {
        domain: ADS,
        role: Role::Processor,
        dialects: &[V1_0, V0_1_3],
        also: &[],
        algorithm: Algorithm::EcdsaP256Sha256,
        identities: USUAL_IDENTITIES,
    },
    // It never sees an address in clear.
    Member {
        domain: PUSH,
        role: Role::Processor,
        dialects: &[V1_0],
        also: &[],
        algorithm: Algorithm::EcdsaP256Sha256,
        identities: &[("email", Format::Sha256)],
    },
    Member {
        domain: AGENT,
        role: Role::Agent,
        dialects: &[V0_1_3, V0_1_2],
        also: &[],
        algorithm: Algorithm::EcdsaP256Sha256,
        identities: USUAL_IDENTITIES,
    },
    // It calls the agent in 0.1.3, so it is called back in that. What people ask of it, mail and ads do.
    Member {
        domain: SHOP,
        role: Role::Controller,
        dialects: &[V1_0, V0_1_3],
        also: &[(DRP, Role::CoveredBusiness, ""), (DRP, Role::Pip, "/data-rights")],
        algorithm: Algorithm::EcdsaP256Sha256,
        identities: &[],
    },
    // It acts for people.
    Member {
        domain: HELPER,
        role: Role::AuthorizedAgent,
        dialects: &[],
        also: &[(DRP, Role::AuthorizedAgent, "/drp")],
        algorithm: Algorithm::EcdsaP256Sha256,
        identities: &[],
    },
];

/// That a party may call an organisation, and in which dialect it does.
pub(super) struct Line {
    pub(super) organisation: &'static str,
    pub(super) party: &'static str,
    pub(super) dialect: DialectId,
}

impl Line {
    /// Whether a credential is for this.
    pub(super) fn is(&self, call: &Call) -> bool {
        self.organisation == call.organisation && self.party == call.party
    }

    /// Whether identity tokens go with it.
    pub(super) fn has_tokens(&self) -> bool {
        self.dialect == DRP
    }
}

const fn line(party: &'static str, organisation: &'static str, dialect: DialectId) -> Line {
    Line { organisation, party, dialect }
}

/// Who calls whom.
pub(super) static LINES: [Line; 7] = [
    line(SHOP, MAIL, V1_0),
    line(SHOP, ADS, V1_0),
    line(SHOP, PUSH, V1_0),
    line(SHOP, AGENT, V0_1_3),
    line(AGENT, MAIL, V1_0),
    line(AGENT, ADS, V0_1_3),
    line(HELPER, SHOP, DRP),
];

/// The member of that domain.
pub(super) fn member(domain: &str) -> Option<&'static Member> {
    CAST.iter().find(|member| member.domain == domain)
}
