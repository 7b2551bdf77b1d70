//! What an operator decides about replies, beside the zones.

use super::cookies::{MAX_SECRETS, SECRET_OCTETS, Secret};

/// Most octets of an identity: a text that identifies one server among many is shorter, and every
/// reply without records keeps below 512 octets with it.
pub const IDENTITY_OCTETS: usize = 128;

/// The settings of one server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// One string of TXT: its length and the identity.
    identity: Option<Box<[u8]>>,
    secrets: Box<[Secret]>,
}

impl Settings {
    /// `identity` names this server to whoever asks by NSID or `id.server`; None keeps it quiet.
    ///
    /// An error tells what is wrong with the identity.
    pub fn new(identity: Option<&str>) -> Result<Settings, String> {
        if let Some(text) = identity
            && !(1..=IDENTITY_OCTETS).contains(&text.len())
        {
            return Err(format!(
                "identity: {} octets, use 1 to {IDENTITY_OCTETS}",
                text.len()
            ));
        }
        Ok(Settings {
            identity: identity.map(|text| [&[text.len() as u8], text.as_bytes()].concat().into()),
            secrets: Box::default(),
        })
    }

    /// These settings with other cookie secrets: the first makes cookies and all are accepted; with
    /// none, cookies are not spoken.
    ///
    /// An error tells what is wrong with them.
    pub fn with_secrets(&self, secrets: &[Vec<u8>]) -> Result<Settings, String> {
        if secrets.len() > MAX_SECRETS {
            return Err(format!(
                "{} cookie secrets: use at most {MAX_SECRETS}",
                secrets.len()
            ));
        }
        let secrets = secrets.iter().map(|octets| {
            let octets = octets.as_slice().try_into();
            octets.map(Secret::new).map_err(|_| {
                format!("a cookie secret of another length: it has {SECRET_OCTETS} octets")
            })
        });
        Ok(Settings {
            identity: self.identity.clone(),
            secrets: secrets.collect::<Result<_, _>>()?,
        })
    }

    /// What makes and proves cookies.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// What this server is called, where clients may know.
    pub fn identity(&self) -> Option<&[u8]> {
        self.identity_text().map(|text| &text[1..])
    }

    /// The same as rdata of TXT.
    pub fn identity_text(&self) -> Option<&[u8]> {
        self.identity.as_deref()
    }
}
