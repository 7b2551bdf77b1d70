//! What an operator decides about replies, beside the zones.

use super::cookies::{MAX_SECRETS, SECRET_OCTETS, Secret};

/// Most octets of an identity: texts that identify one server among many are shorter, and with it
/// every reply without records has less than 512 octets.
pub const IDENTITY_OCTETS: usize = 128;

/// The settings of one server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// One string of TXT: its length and the identity.
    identity: Option<Box<[u8]>>,
    secrets: Box<[Secret]>,
}

impl Settings {
    /// `identity` is the answer to NSID and `id.server`; None: neither is answered.
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

    /// These settings with other cookie secrets. The first makes cookies, and cookies of all are
    /// accepted; with none, cookies are ignored.
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

    /// The secrets of cookies, the one that makes them first.
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// The identity of this server; None if it is not told.
    pub fn identity(&self) -> Option<&[u8]> {
        self.identity_text().map(|text| &text[1..])
    }

    /// The identity as rdata of TXT.
    pub fn identity_text(&self) -> Option<&[u8]> {
        self.identity.as_deref()
    }
}
