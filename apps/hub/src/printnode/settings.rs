//! Where the PrintNode API is found: the section `[printnode]` of the configuration.

use serde::Deserialize;

use crate::mounted;

/// Where the routes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintNodeSettings {
    /// What each path begins with: empty, or a slash and a name. `None`: the API is not offered.
    pub path: Option<String>,
}

/// The section as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrintNodeSection {
    enabled: bool,
    path: String,
}

impl Default for PrintNodeSection {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "/printnode".to_owned(),
        }
    }
}

impl PrintNodeSection {
    /// The settings, with what is wrong added to `errors`: then they are not to be used.
    pub fn checked(self, errors: &mut Vec<String>) -> PrintNodeSettings {
        let path = mounted::prefix("printnode", &self.path, errors);
        PrintNodeSettings {
            path: self.enabled.then_some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Result<Option<String>, Vec<String>> {
        let section: PrintNodeSection = toml::from_str(text).unwrap();
        let mut errors = Vec::new();
        let settings = section.checked(&mut errors);
        if errors.is_empty() {
            Ok(settings.path)
        } else {
            Err(errors)
        }
    }

    #[test]
    fn the_routes_are_below_a_path_or_at_the_root() {
        assert_eq!(path("").unwrap().as_deref(), Some("/printnode"));
        assert_eq!(path("path = \"/\"").unwrap().as_deref(), Some(""));
        assert_eq!(path("path = \"/a/b/\"").unwrap().as_deref(), Some("/a/b"));
        assert_eq!(path("enabled = false").unwrap(), None);
        for bad in ["v", "/v1", "/link/x", "/a//b", "/{id}", "/a b"] {
            assert!(path(&format!("path = {bad:?}")).is_err(), "{bad}");
        }
    }
}
