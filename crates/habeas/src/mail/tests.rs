//! Does a letter reach a server whole, and nothing of it one that does not deserve it?

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread::JoinHandle,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

use super::*;

/// How the stub of a server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    StartTls,
    TlsFirst,
    /// It knows no TLS.
    Plain,
    /// It takes letters to nobody.
    Refusing,
    /// It says nothing at all.
    Silent,
}

struct Stub {
    url: Url,
    ca: String,
    serving: JoinHandle<Vec<String>>,
}

impl Stub {
    fn start(habit: Habit) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if habit == Habit::TlsFirst { "smtps" } else { "smtp" };
        let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port()).parse().unwrap();
        let serving = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            serve(stream, habit, config)
        });
        Self { url, ca: cert.pem(), serving }
    }

    fn smtp(&self) -> Smtp {
        Smtp {
            url: self.url.clone(),
            user: Some("shop".into()),
            password: Some(Secret::new("pass-canary")),
            from: "Shop <privacy@shop.example>".into(),
        }
    }

    fn mailer(&self) -> SmtpMailer {
        SmtpMailer::new(self.smtp(), Some(&self.ca)).unwrap()
    }

    /// What the server heard, once its only guest is gone.
    fn heard(self) -> String {
        self.serving.join().unwrap().concat()
    }
}

/// Serves one guest; gives what it said, under TLS or before, in the order it came.
fn serve(mut stream: TcpStream, habit: Habit, config: Arc<ServerConfig>) -> Vec<String> {
    let tls = |stream: TcpStream| StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut heard = Vec::new();
    match habit {
        Habit::Silent => {
            let _ = stream.read(&mut [0]);
        }
        Habit::TlsFirst => talk(tls(stream), habit, true, true, &mut heard),
        Habit::StartTls | Habit::Plain | Habit::Refusing => {
            talk(&stream, habit, false, true, &mut heard);
            if heard.last().is_some_and(|line| line == "STARTTLS\r\n") {
                talk(tls(stream), habit, true, false, &mut heard);
            }
        }
    }
    heard
}

fn talk(stream: impl Read + Write, habit: Habit, secure: bool, greets: bool, heard: &mut Vec<String>) {
    let mut stream = BufReader::new(stream);
    // A guest that does not trust us is gone before it hears anything.
    if greets && stream.get_mut().write_all(b"220 stub\r\n").is_err() {
        return;
    }
    let mut in_letter = false;
    loop {
        let mut line = String::new();
        if !matches!(stream.read_line(&mut line), Ok(1..)) {
            return;
        }
        heard.push(line.clone());
        let answer = match line.split_ascii_whitespace().next().unwrap_or_default() {
            "." if in_letter => "250 taken",
            _ if in_letter => continue,
            "EHLO" if secure => "250-stub\r\n250 AUTH PLAIN",
            "EHLO" if habit == Habit::Plain => "250 stub",
            "EHLO" => "250-stub\r\n250 STARTTLS",
            "STARTTLS" => "220 go on",
            "AUTH" => "235 welcome",
            "RCPT" if habit == Habit::Refusing => "550 there is no canary@example.org",
            "DATA" => "354 go on",
            "QUIT" => "221 goodbye",
            _ => "250 so be it",
        };
        in_letter = answer.starts_with("354");
        stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).unwrap();
        if line == "STARTTLS\r\n" {
            return;
        }
    }
}

fn mail() -> Mail {
    Mail {
        to: Secret::new("canary@example.org"),
        subject: "Your code for shop.example".into(),
        text: Secret::new("Your code is: 12345678\n\nGrüße\n.\nafter a single dot\n"),
    }
}

#[tokio::test]
async fn a_letter_arrives_whole_and_under_tls() {
    for habit in [Habit::StartTls, Habit::TlsFirst] {
        let stub = Stub::start(habit);
        assert_eq!(stub.mailer().send(mail()).await, Ok(()), "{habit:?}");
        let heard = stub.heard();
        let (before, after) = heard.split_once("STARTTLS\r\n").unwrap_or(("", &heard));
        assert!(!before.contains("AUTH") && !before.contains("canary"), "{before}");
        for line in [
            "AUTH PLAIN AHNob3AAcGFzcy1jYW5hcnk=",
            "MAIL FROM:<privacy@shop.example>",
            "RCPT TO:<canary@example.org>",
            "From: Shop <privacy@shop.example>",
            "To: canary@example.org",
            "Subject: Your code for shop.example",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
            "Your code is: 12345678",
            "Gr=C3=BC=C3=9Fe",
            "..",
            "after a single dot",
        ] {
            assert!(after.contains(&format!("{line}\r\n")), "{line} is missing in\n{after}");
        }
        assert!(after.contains("Message-ID: <") && after.contains("@shop.example>\r\n") && after.contains("Date: "));
    }
}

#[tokio::test]
async fn a_server_without_tls_hears_nothing() {
    let stub = Stub::start(Habit::Plain);
    assert!(stub.mailer().send(mail()).await.is_err());
    let heard = stub.heard();
    assert!(!heard.contains("AUTH") && !heard.contains("canary") && !heard.contains("MAIL"), "{heard}");
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_hears_nothing() {
    for habit in [Habit::StartTls, Habit::TlsFirst] {
        let (stub, other) = (Stub::start(habit), Stub::start(Habit::Silent));
        // The other's authority, not its own.
        let mailer = SmtpMailer::new(stub.smtp(), Some(&other.ca)).unwrap();
        assert_eq!(mailer.send(mail()).await, Err(MailError::Unreachable), "{habit:?}");
        drop(TcpStream::connect(("localhost", other.url.port().unwrap())));
        let heard = stub.heard();
        assert!(!heard.contains("AUTH") && !heard.contains("canary"), "{heard}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_without_its_words() {
    let stub = Stub::start(Habit::Refusing);
    let refused = stub.mailer().send(mail()).await.unwrap_err();
    assert_eq!(refused, MailError::Refused);
    assert!(!format!("{refused} {refused:?}").contains("canary"));
    let nowhere = Mail { to: Secret::new("not an address"), ..mail() };
    assert_eq!(Stub::start(Habit::Silent).mailer().send(nowhere).await, Err(MailError::Refused));
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_is_silent_or_gone() {
    let stub = Stub::start(Habit::Silent);
    tokio::time::pause();
    assert_eq!(stub.mailer().send(mail()).await, Err(MailError::Unreachable));
    tokio::time::resume();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("smtp://localhost:{}", gone.port()).parse().unwrap();
    let mailer = SmtpMailer::new(Smtp { url, ..stub.smtp() }, None).unwrap();
    assert_eq!(mailer.send(mail()).await, Err(MailError::Unreachable));
}

#[test]
fn what_is_no_mail_server_is_refused() {
    let good = Smtp {
        url: "smtp://mail.example".parse().unwrap(),
        user: None,
        password: None,
        from: "privacy@shop.example".into(),
    };
    assert_eq!(server(&good.url), Some(("mail.example", 587, false)));
    assert_eq!(server(&"smtps://mail.example/".parse().unwrap()), Some(("mail.example", 465, true)));
    assert_eq!(server(&"smtp://mail.example:25".parse().unwrap()), Some(("mail.example", 25, false)));
    for url in [
        "http://mail.example",
        "mail.example:587",
        "smtp:",
        "smtp://u:p@mail.example",
        "smtp://mail.example/x",
        "smtp://mail.example?tls=none",
    ] {
        assert_eq!(server(&url.parse().unwrap()), None, "{url}");
    }
    let refused = |smtp: Smtp, roots: Option<&str>| SmtpMailer::new(smtp, roots).err();
    assert_eq!(refused(good.clone(), None), None);
    assert_eq!(refused(Smtp { url: "ftp://x".parse().unwrap(), ..good.clone() }, None), Some(SmtpError::Url));
    assert_eq!(refused(Smtp { from: "nobody".into(), ..good.clone() }, None), Some(SmtpError::From));
    assert_eq!(refused(Smtp { user: Some("u".into()), ..good.clone() }, None), Some(SmtpError::Credentials));
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    assert_eq!(refused(good, Some(broken)), Some(SmtpError::Roots));
}
