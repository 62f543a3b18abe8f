//! Who issues certificates where no public authority does? A private one, for the sandbox and for tests.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyUsagePurpose, PublicKeyData, SerialNumber, SignatureAlgorithm, SubjectPublicKeyInfo, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};
use zeroize::Zeroizing;

use crate::{digest, pem, signing::SigningKey};

/// Why nothing was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The authority's certificate cannot be read.
    #[error("the certificate of the authority cannot be read")]
    Certificate,
    /// The authority's key cannot be read or generated.
    #[error("the key of the authority cannot be used")]
    Key,
    /// The certificate is another key's.
    #[error("the certificate and the key of the authority do not belong together")]
    Mismatch,
    /// A domain is no DNS name or IP address, or there is none.
    #[error("not a domain")]
    Domain,
    /// The certificate or request could not be made.
    #[error("the certificate could not be made")]
    Issue,
}

/// A certificate authority of one self-signed P-256 certificate and its key.
#[derive(Debug)]
pub struct Authority {
    key: SigningKey,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// A new authority with a new key. Certificates count time in seconds; both ends are rounded down.
    ///
    /// # Errors
    /// [`AuthorityError::Key`] or [`AuthorityError::Issue`].
    pub fn new(name: &str, not_before_ms: i64, not_after_ms: i64) -> Result<Self, AuthorityError> {
        let key = SigningKey::generate_p256().map_err(|_| AuthorityError::Key)?;
        let params = authority_params(name, not_before_ms, not_after_ms);
        let certificate = params.self_signed(&Subject::of(&key)?).map_err(|_| AuthorityError::Issue)?;
        Ok(Self { key, certificate: certificate.into() })
    }

    /// The authority that was saved as [`Authority::certificate_pem`] and [`Authority::key_pem`].
    ///
    /// # Errors
    /// [`AuthorityError::Certificate`], [`AuthorityError::Key`] or [`AuthorityError::Mismatch`].
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let certificate =
            CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| AuthorityError::Certificate)?;
        let key = SigningKey::from_pem(key).map_err(|_| AuthorityError::Key)?;
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|_| AuthorityError::Certificate)?;
        if parsed.public_key().raw != key.public_key_spki_der() {
            return Err(AuthorityError::Mismatch);
        }
        Ok(Self { key, certificate })
    }

    /// The certificate to trust, as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        to_pem(&self.certificate)
    }

    /// The authority's private key as PEM.
    #[must_use]
    pub fn key_pem(&self) -> Zeroizing<String> {
        self.key.to_pem()
    }

    /// Certifies a key for domains (DNS names or IP addresses); the chain as PEM, without the root.
    ///
    /// # Errors
    /// [`AuthorityError::Domain`] or [`AuthorityError::Issue`].
    pub fn issue(
        &self,
        key: &SigningKey,
        domains: &[&str],
        not_before_ms: i64,
        not_after_ms: i64,
    ) -> Result<String, AuthorityError> {
        let params = leaf_params(domains, not_before_ms, not_after_ms)?;
        Ok(to_pem(&sign(&params, &Subject::of(key)?, &self.issuer()?)?))
    }

    /// The same by way of a new intermediate authority, which follows in the chain.
    ///
    /// # Errors
    /// [`AuthorityError::Domain`], [`AuthorityError::Key`] or [`AuthorityError::Issue`].
    pub fn issue_through_intermediate(
        &self,
        key: &SigningKey,
        domains: &[&str],
        not_before_ms: i64,
        not_after_ms: i64,
    ) -> Result<String, AuthorityError> {
        let leaf = leaf_params(domains, not_before_ms, not_after_ms)?;
        let between = SigningKey::generate_p256().map_err(|_| AuthorityError::Key)?;
        let params = authority_params(&format!("Intermediate {}", between.key_id()), not_before_ms, not_after_ms);
        let intermediate = sign(&params, &Subject::of(&between)?, &self.issuer()?)?;
        let leaf = sign(&leaf, &Subject::of(key)?, &Issuer::new(params, Subject::of(&between)?))?;
        Ok(to_pem(&leaf) + &to_pem(&intermediate))
    }

    fn issuer(&self) -> Result<Issuer<'static, Subject<'_>>, AuthorityError> {
        Issuer::from_ca_cert_der(&self.certificate, Subject::of(&self.key)?).map_err(|_| AuthorityError::Certificate)
    }
}

/// A request to another authority to certify the key for the domain (PKCS#10, RFC 2986), as PEM.
///
/// # Errors
/// [`AuthorityError::Domain`] or [`AuthorityError::Issue`].
pub fn csr_pem(key: &SigningKey, domain: &str) -> Result<String, AuthorityError> {
    let mut params = CertificateParams::new([domain.to_owned()]).map_err(|_| AuthorityError::Domain)?;
    params.distinguished_name = common_name(domain);
    let request = params.serialize_request(&Subject::of(key)?).map_err(|_| AuthorityError::Issue)?;
    Ok(pem::encode(pem::REQUEST, request.der()).to_string())
}

fn sign(
    params: &CertificateParams,
    subject: &Subject<'_>,
    issuer: &Issuer<'_, Subject<'_>>,
) -> Result<CertificateDer<'static>, AuthorityError> {
    params.signed_by(subject, issuer).map(Into::into).map_err(|_| AuthorityError::Issue)
}

fn to_pem(certificate: &CertificateDer<'_>) -> String {
    pem::encode(pem::CERTIFICATE, certificate).to_string()
}

fn authority_params(name: &str, not_before_ms: i64, not_after_ms: i64) -> CertificateParams {
    let mut params = dated(not_before_ms, not_after_ms);
    params.distinguished_name.push(DnType::CommonName, name);
    // Keeps the subject apart from that of a certificate for a domain of the same name.
    params.distinguished_name.push(DnType::OrganizationName, "Private certificate authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn leaf_params(domains: &[&str], not_before_ms: i64, not_after_ms: i64) -> Result<CertificateParams, AuthorityError> {
    let first = domains.first().ok_or(AuthorityError::Domain)?;
    let names: Vec<String> = domains.iter().map(|domain| (*domain).to_owned()).collect();
    let mut params = dated(not_before_ms, not_after_ms);
    params.subject_alt_names = CertificateParams::new(names).map_err(|_| AuthorityError::Domain)?.subject_alt_names;
    params.distinguished_name = common_name(first);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

fn dated(not_before_ms: i64, not_after_ms: i64) -> CertificateParams {
    let [first, rest @ ..] = digest::random_bytes::<16>();
    // Positive and never shortened: the top bits are 01.
    let serial = [&[first & 0x3f | 0x40], rest.as_slice()].concat();
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970(not_before_ms);
    params.not_after = date_time_ymd(1970, 1, 1) + since_1970(not_after_ms);
    params.serial_number = Some(SerialNumber::from(serial));
    params.distinguished_name = DistinguishedName::new();
    params.use_authority_key_identifier_extension = true;
    params
}

/// Whole seconds, held within what a certificate can say: 1970 to 9999.
fn since_1970(at_ms: i64) -> std::time::Duration {
    const LAST: u64 = 253_402_300_799;
    let seconds = u64::try_from(at_ms.div_euclid(1000)).unwrap_or(0);
    std::time::Duration::from_secs(seconds.min(LAST))
}

/// A common name has at most 64 characters (RFC 5280 appendix A.1); longer domains go without.
fn common_name(domain: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, if domain.len() <= 64 { domain } else { "see subject alternative name" });
    name
}

/// Our key in the shape rcgen asks for.
struct Subject<'a> {
    key: &'a SigningKey,
    public: SubjectPublicKeyInfo,
}

impl<'a> Subject<'a> {
    fn of(key: &'a SigningKey) -> Result<Self, AuthorityError> {
        let public = SubjectPublicKeyInfo::from_der(key.public_key_spki_der()).map_err(|_| AuthorityError::Key)?;
        Ok(Self { key, public })
    }
}

impl PublicKeyData for Subject<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl rcgen::SigningKey for Subject<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

#[cfg(test)]
mod tests;
