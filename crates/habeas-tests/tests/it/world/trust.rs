//! What a controller does to believe an answer: discovery, certificate, chain, name, signature over the bytes.

use habeas_trust::{
    certificate::{Chain, Roots},
    public_key::Leniency,
};
use habeas_wire::base64;
use http::HeaderMap;
use url::Url;

use super::{Call, World};

impl World {
    /// The chain that mail.localhost's discovery leads to, verified.
    pub(crate) async fn certificate(&self) -> Chain {
        self.certificate_of("mail.localhost").await
    }

    /// The chain that an organisation's discovery leads to, verified.
    pub(crate) async fn certificate_of(&self, domain: &str) -> Chain {
        let discovery = self.call(Call::get("/v1/discovery").host(domain)).await.is(200).json();
        let url: Url = discovery["processor_certificate"].as_str().unwrap().parse().unwrap();
        assert_eq!(url.host_str(), Some(domain), "the host of discovery");
        let pem = self.call(Call::get(url.path()).host(domain)).await.is(200).text();
        let chain = Chain::from_pem(&pem).unwrap();
        let roots = Roots::from_pem(&self.keys.ca.certificate_pem()).unwrap();
        chain.verify(domain, &roots, self.now().ms()).unwrap();
        chain
    }

    /// Checks the headers of an answer or callback of mail.localhost against exactly these bytes.
    pub(crate) async fn assert_signed(&self, headers: &HeaderMap, body: &[u8]) {
        self.assert_signed_by("mail.localhost", headers, body).await;
    }

    /// The same of any organisation.
    pub(crate) async fn assert_signed_by(&self, domain: &str, headers: &HeaderMap, body: &[u8]) {
        assert_eq!(headers["x-opengdpr-processor-domain"], domain);
        let signature = base64::decode(headers["x-opengdpr-signature"].as_bytes()).unwrap();
        let key = self.certificate_of(domain).await.public_key().unwrap();
        assert!(key.verify(body, &signature, Leniency::default()), "the header signs the bytes");
        let mut other = body.to_vec();
        other.push(b' ');
        assert!(!key.verify(&other, &signature, Leniency::default()), "and no other bytes");
    }

    /// Checks the last member of a receipt against the body without it.
    pub(crate) async fn assert_signed_within(&self, body: &[u8]) {
        let text = std::str::from_utf8(body).unwrap();
        let (before, rest) = text.split_once(r#","processor_signature":""#).unwrap();
        let signature = base64::decode(rest.strip_suffix(r#""}"#).unwrap().as_bytes()).unwrap();
        let key = self.certificate().await.public_key().unwrap();
        assert!(key.verify(format!("{before}}}").as_bytes(), &signature, Leniency::default()));
    }
}
