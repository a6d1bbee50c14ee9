//! Lists in pages: what may be asked for, and how a page is cut.

use cueline_wire::api::Page;
use serde::Deserialize;

use super::params;
use crate::refusal::Refusal;

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "I: Deserialize<'de>"))]
pub struct PageQuery<I> {
    limit: Option<usize>,
    /// The last of the page before.
    #[serde(default = "none")]
    pub after: Option<I>,
}

fn none<I>() -> Option<I> {
    None
}

impl<I: std::fmt::Display> PageQuery<I> {
    /// How many to read: one more than the page takes, to see whether there is a next.
    ///
    /// # Errors
    /// 400 `invalid_query`.
    pub fn to_read(&self) -> Result<usize, Refusal> {
        params::limit(self.limit).map(|limit| limit + 1)
    }

    /// The page of what was read.
    pub fn cut<R, T>(
        &self,
        mut records: Vec<R>,
        id: impl Fn(&R) -> I,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let limit = params::limit(self.limit).unwrap_or(records.len());
        let more = records.len() > limit;
        records.truncate(limit);
        let next = records
            .last()
            .filter(|_| more)
            .map(|last| id(last).to_string());
        Page {
            data: records.into_iter().map(show).collect(),
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_names_no_next() {
        let query = |limit| PageQuery::<u32> {
            limit: Some(limit),
            after: None,
        };
        assert_eq!(query(2).to_read().unwrap(), 3);
        let page = query(2).cut(vec![9, 8, 7], |id| *id, |id| id);
        assert_eq!((page.data, page.next.as_deref()), (vec![9, 8], Some("8")));
        let page = query(2).cut(vec![9, 8], |id| *id, |id| id);
        assert_eq!((page.data, page.next), (vec![9, 8], None));
        assert!(query(0).to_read().is_err());
        assert!(query(201).to_read().is_err());
    }
}
