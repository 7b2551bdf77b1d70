//! What an operator decides about replies, beside the zones.

/// Most octets of an identity: a text that identifies one server among many is shorter, and every
/// reply without records keeps below 512 octets with it.
pub const IDENTITY_OCTETS: usize = 128;

/// The settings of one server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// One string of TXT: its length and the identity.
    identity: Option<Box<[u8]>>,
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
        })
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
