//! A server set up as its user would, with the command line only, and the authority that certifies it.

use std::{
    io::{BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Output,
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    command::{code, command, complained, document, habeas, said},
    server::{Server, free_port},
    wire::{self, Message},
};

/// An authority that knows nothing of this program: it certifies what it is asked to.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Certifies a request in PEM.
    fn certify(&self, request: &str) -> String {
        let mut request = CertificateSigningRequestParams::from_pem(request).expect("a request to certify a key");
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        request.signed_by(&self.issuer).unwrap().pem()
    }

    /// A certificate and its key for connections to this machine.
    fn for_this_machine(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// A folder with a configuration.
pub(crate) struct Site {
    folder: TempDir,
    domain: &'static str,
    /// Where peers reach it.
    pub(crate) port: u16,
    ca: String,
}

impl Site {
    /// From an empty folder to a sound configuration: `init`, a certificate for the request it made, `keys install`.
    /// Its listeners have ports of their own, and its authority is believed.
    pub(crate) fn set_up(domain: &'static str, authority: &Authority) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, operator) = (free_port(), free_port());
        let site = Self { folder, domain, port, ca: authority.pem.clone() };
        site.run(&["init", "--domain", domain]);
        site.write("authorities.pem", &authority.pem);
        site.edit("address = \"0.0.0.0:8080\"", &format!("address = \"127.0.0.1:{port}\""));
        site.edit("127.0.0.1:8081", &format!("127.0.0.1:{operator}"));
        site.edit("# ca_file = \"authorities.pem\"", "ca_file = \"authorities.pem\"");
        let request = site.run(&["keys", "csr", "--domain", domain]);
        site.write("chain.pem", &authority.certify(&request));
        let installed = site.run(&["keys", "install", "--domain", domain, "chain.pem"]);
        assert!(installed.contains(&format!("keys/{domain}.pem")), "{installed}");
        site
    }

    /// Has it serve TLS with a certificate for this machine.
    pub(crate) fn with_tls(self, authority: &Authority) -> Self {
        let (certificate, key) = authority.for_this_machine();
        self.write("tls.pem", &certificate);
        self.write("tls.key", &key);
        self.edit("# tls_certificate", "tls_certificate");
        self.edit("# tls_key", "tls_key");
        self
    }

    /// Lets it call this machine, and believe its authority there.
    pub(crate) fn may_call_this_machine(&self) {
        self.edit("# allow = [\"10.0.0.0/8\"]", "allow = [\"127.0.0.0/8\"]");
        self.edit("# ca_file = \"tls-authorities.pem\"", "ca_file = \"authorities.pem\"");
    }

    /// Replaces what stands in its configuration.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = self.configuration();
        assert_eq!(text.matches(from).count(), 1, "{from} is not in {text}");
        self.write("habeas.toml", &text.replace(from, to));
    }

    /// Adds to its configuration.
    pub(crate) fn append(&self, more: &str) {
        self.write("habeas.toml", &(self.configuration() + more));
    }

    fn configuration(&self) -> String {
        self.read("habeas.toml")
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What its database consists of, byte for byte.
    pub(crate) fn database(&self) -> [Vec<u8>; 2] {
        ["habeas.db", "habeas.db-wal"].map(|name| std::fs::read(self.folder.path().join(name)).unwrap())
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Writes what nobody else may read.
    pub(crate) fn write_secret(&self, name: &str, text: &str) {
        self.write(name, text);
        #[cfg(unix)]
        {
            use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};
            std::fs::set_permissions(self.folder.path().join(name), Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Makes a credential for a party: the token, and the line for the configuration.
    pub(crate) fn credential(&self, party: &str) -> (String, String) {
        let made = document(&self.habeas(&["keys", "token", "--party", party, "--json"]));
        (made["token"].as_str().unwrap().to_owned(), format!("credentials = {}\n", made["credentials"]))
    }

    /// Runs a command beside its configuration.
    pub(crate) fn habeas(&self, args: &[&str]) -> Output {
        habeas(self.folder.path(), args)
    }

    /// Runs one that must work: what it printed.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let ran = self.habeas(args);
        assert_eq!((code(&ran), complained(&ran)), (Some(0), String::new()), "{args:?}");
        said(&ran)
    }

    /// Runs one that must work: the JSON that it printed.
    pub(crate) fn asks(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[args, &["--json"]].concat())).expect("one document of JSON")
    }

    /// Runs one that must be refused: why.
    pub(crate) fn is_refused(&self, args: &[&str]) -> String {
        let ran = self.habeas(args);
        assert_eq!((code(&ran), said(&ran)), (Some(1), String::new()), "{args:?}");
        complained(&ran)
    }

    /// Checks the configuration and starts the server; says where its operator listener is.
    pub(crate) fn serve(&self) -> (Server, String) {
        let sound = self.run(&["check"]);
        assert!(sound.contains(&format!("habeas.toml is sound: it acts for {}", self.domain)), "{sound}");
        let serve = command(self.folder.path(), &["serve", "--json"]);
        let mut server = Server::start(serve, &self.folder.path().join("serve.log"));
        let ready = server.ready();
        assert_eq!(ready["public"], format!("127.0.0.1:{}", self.port));
        (server, ready["operator"].as_str().unwrap().to_owned())
    }

    /// Calls it over TLS, as a peer that believes its authority does.
    pub(crate) fn call(&self, token: &str, method: &str, path: &str, body: &str) -> Message {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        let name = "127.0.0.1".try_into().unwrap();
        let client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let mut stream = BufReader::new(rustls::StreamOwned::new(client, socket));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.get_mut().write_all((head + body).as_bytes()).unwrap();
        wire::read(&mut stream).unwrap().expect("an answer")
    }
}
