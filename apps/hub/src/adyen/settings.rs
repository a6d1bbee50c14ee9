//! Where the Adyen Cloud device API is found: the section `[adyen]` of the configuration.

use serde::Deserialize;

use crate::mounted;

/// Where the routes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdyenSettings {
    /// What comes before `/v1` in each path: empty, or a slash and a name. `None`: the API is not offered.
    pub path: Option<String>,
}

/// The section as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdyenSection {
    enabled: bool,
    path: String,
}

impl Default for AdyenSection {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "/adyen".to_owned(),
        }
    }
}

impl AdyenSection {
    /// The settings, with what is wrong added to `errors`: then they are not to be used.
    pub fn checked(self, errors: &mut Vec<String>) -> AdyenSettings {
        let path = mounted::prefix("adyen", &self.path, errors);
        AdyenSettings {
            path: self.enabled.then_some(path),
        }
    }
}
