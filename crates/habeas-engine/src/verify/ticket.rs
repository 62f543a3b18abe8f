//! What does the address that a person stays at stand for?

use habeas_trust::{digest::constant_time_eq, seal::Sealer};
use url::Url;

/// What was checked when the person came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Where the person goes afterwards.
    pub(super) redirect_to: Url,
}

impl Ticket {
    /// As one segment of a path, which nobody else can make.
    pub(super) fn seal(&self, sealer: &Sealer, token: &str) -> String {
        let text = self.redirect_to.as_str();
        let encoded = habeas_trust::digest::hex(text.as_bytes());
        format!("{encoded}.{}", mac(sealer, token, text))
    }

    /// What was sealed for that address.
    pub(super) fn open(sealer: &Sealer, token: &str, ticket: &str) -> Option<Self> {
        let (encoded, given) = ticket.split_once('.')?;
        let text = String::from_utf8(habeas_trust::digest::from_hex(encoded)?).ok()?;
        if !constant_time_eq(mac(sealer, token, &text).as_bytes(), given.as_bytes()) {
            return None;
        }
        Some(Self { redirect_to: Url::parse(&text).ok()? })
    }
}

fn mac(sealer: &Sealer, token: &str, text: &str) -> String {
    habeas_trust::digest::hex(&sealer.mac("ticket", format!("{token} {text}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use habeas_trust::seal::MasterKey;

    use super::*;

    #[test]
    fn a_ticket_is_good_for_its_own_address_and_as_it_was_made() {
        let sealer = Sealer::new(&MasterKey::generate());
        let ticket = Ticket { redirect_to: "https://agent.example/done?x=1".parse().unwrap() };
        let text = ticket.seal(&sealer, "token");
        assert_eq!(Ticket::open(&sealer, "token", &text), Some(ticket));
        assert_eq!(Ticket::open(&sealer, "other", &text), None);
        assert_eq!(Ticket::open(&sealer, "token", &text.replacen("68", "69", 1)), None);
        for text in ["", ".", "zz.00", "00"] {
            assert_eq!(Ticket::open(&sealer, "token", text), None);
        }
    }
}
