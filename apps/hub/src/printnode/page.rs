//! Which part of a list: `limit`, `after` and `dir` in the query.

use http::Uri;

use super::fault::Fault;
use crate::store::NumberedPage;

/// Rows of a list when nothing is said.
const LIMIT_DEFAULT: usize = 100;
/// Rows of a list at most.
pub const LIMIT_MAX: usize = 1_000;

/// What the query asks for; keys beside the three are passed over, as PrintNode does.
///
/// # Errors
/// 400 naming the key.
pub fn page(uri: &Uri) -> Result<NumberedPage, Fault> {
    let mut page = NumberedPage::first(LIMIT_DEFAULT);
    for pair in uri.query().unwrap_or("").split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let refuse = |expected: &str| {
            let got: String = value.chars().take(64).collect();
            Fault::bad_request(format!("{key}: expected {expected}, got {got:?}"))
        };
        match (key, value) {
            ("after" | "limit" | "dir", "") => {}
            ("limit", _) => {
                let limit = value.parse().ok().filter(|limit| *limit >= 1);
                let limit: usize = limit.ok_or_else(|| refuse("a number from 1"))?;
                page.limit = limit.min(LIMIT_MAX);
            }
            ("after", _) => {
                let after = value.parse().map_err(|_| refuse("a number"))?;
                page.after = Some(after);
            }
            ("dir", "asc") => page.rising = true,
            ("dir", "desc") => page.rising = false,
            ("dir", _) => return Err(refuse("asc or desc")),
            _ => {}
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<NumberedPage, Fault> {
        page(&format!("/printjobs?{query}").parse().unwrap())
    }

    #[test]
    fn what_is_not_said_is_as_printnode_has_it() {
        assert_eq!(read("").unwrap(), NumberedPage::first(100));
        assert_eq!(read("after=&dir=&x=1").unwrap(), NumberedPage::first(100));
        assert_eq!(
            read("limit=5000&after=7&dir=asc").unwrap(),
            NumberedPage {
                limit: LIMIT_MAX,
                after: Some(7),
                rising: true
            }
        );
        for query in ["limit=0", "limit=-1", "limit=x", "after=x", "dir=up"] {
            assert_eq!(read(query).unwrap_err().status(), 400, "{query}");
        }
    }
}
