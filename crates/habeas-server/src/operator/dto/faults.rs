//! What does the API say of what needs attention?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Delivery, Leg};

/// What needs somebody's attention. Nothing does where every list is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Faults {
    /// Deliveries that were tried and not delivered.
    pub deliveries: Vec<Delivery>,
    /// Legs whose party is past its date.
    pub late: Vec<Leg>,
    /// Legs that wait for an operator: to be tried again or given up.
    pub stuck: Vec<Leg>,
    /// Certificates of this server's organisations that end soon or have ended.
    pub certificates: Vec<CertificateEnd>,
}

/// When the certificate of an organisation ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateEnd {
    /// The organisation's domain.
    pub organisation: String,
    /// The last moment it is valid.
    pub not_after: String,
}
