//! Fields of a page that describe the whole list. The platform documents none of them; similar servers send them.

use crate::codec::json::{Extra, Json};

/// Page lengths at which servers usually cap. A page of such a length may be incomplete.
const CAPS: [u64; 4] = [10, 20, 25, 50];

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hints {
    /// Total number of rows.
    pub total: Option<u64>,
    /// A number of rows, of unclear meaning: total, on this page, or page size.
    count: Option<u64>,
    /// Whether more rows follow this page.
    pub more: Option<bool>,
    /// Number of pages.
    pages: Option<u64>,
    /// Page size.
    size: Option<u64>,
}

impl Hints {
    /// Reads the fields other than the rows, including those of an object such as `"page": {"total": 120}`.
    pub(super) fn from_extra(extra: &Extra) -> Self {
        let mut hints = Self::default();
        for (name, value) in extra.iter() {
            let name = plain(name);
            if matches!(&*name, "page" | "paging" | "pagination" | "pageinfo" | "pager" | "meta" | "metadata")
                && let Ok(inner) = Extra::from_json(value.as_str())
            {
                inner.iter().for_each(|(name, value)| hints.take(&plain(name), value));
            }
            hints.take(&name, value);
        }
        hints
    }

    fn take(&mut self, name: &str, value: &Json) {
        let value = value.as_str().trim_matches('"');
        let number = || value.parse::<u64>().ok();
        let truth = || match value {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        };
        match name {
            "total" | "totalcount" | "totalrows" | "totalsize" | "totalelements" | "totalnum" | "totalnumber"
            | "totalrecords" | "totalrecord" | "totalitems" => self.total = self.total.max(number()),
            "count" | "rowcount" | "recordcount" => self.count = self.count.max(number()),
            "pages" | "totalpage" | "totalpages" | "pagecount" | "pagetotal" => self.pages = self.pages.max(number()),
            "hasmore" | "more" | "hasnext" | "hasnextpage" => self.more = truth().or(self.more),
            "last" | "islast" | "islastpage" => self.more = truth().map(|last| !last).or(self.more),
            "size" | "pagesize" | "limit" | "perpage" => self.size = number().or(self.size),
            _ => {}
        }
    }

    /// Whether the page says that further pages follow.
    pub(super) fn says_next(&self, page: u32) -> bool {
        self.more == Some(true) || self.pages.is_some_and(|pages| pages > u64::from(page) + 1)
    }

    /// Whether the page says that there are more than `rows` rows.
    pub(super) fn says_more_than(&self, rows: u64) -> bool {
        self.total.max(self.count).is_some_and(|most| most > rows)
    }

    /// Whether the page says that `rows` rows are all. A `count` may refer to this page only, so it proves nothing.
    pub(super) fn says_complete(&self, rows: u64) -> bool {
        self.more == Some(false) || self.pages == Some(1) || self.total.is_some_and(|total| total <= rows)
    }

    /// Whether a page of `rows` rows, the last of `counted` rows so far, may have been capped by the server. A total over
    /// several pages does not count the rows of this page.
    pub(super) fn may_be_cut(&self, rows: u64, counted: u64) -> bool {
        let is_whole = self.more == Some(false) || (counted > rows && self.total == Some(counted));
        !is_whole && (CAPS.contains(&rows) || self.size == Some(rows))
    }
}

/// Normalises a name: `total_count`, `totalCount` and `Total-Count` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(json: &str) -> Hints {
        Hints::from_extra(&Extra::from_json(json).unwrap())
    }

    #[test]
    fn numbers_are_read_from_either_form_and_either_place() {
        for json in [
            r#"{"total":120}"#,
            r#"{"total":"120"}"#,
            r#"{"total_count":120,"x":"total"}"#,
            r#"{"totalCount":120,"count":50}"#,
            r#"{"page":{"totalElements":120}}"#,
            r#"{"page":0,"total":120}"#,
            r#"{"count":120}"#,
        ] {
            let hints = hints(json);
            assert!(hints.says_more_than(119) && !hints.says_more_than(120), "{json}");
        }
        for json in
            ["{}", r#"{"total":"12.5"}"#, r#"{"total":-1}"#, r#"{"total":null}"#, r#"{"total":[5]}"#, r#"{"sum":9}"#]
        {
            assert!(!hints(json).says_more_than(0), "{json}");
        }
    }

    #[test]
    fn a_next_page_is_announced_in_many_ways() {
        for json in [
            r#"{"has_more":true}"#,
            r#"{"hasNext":"true"}"#,
            r#"{"pages":3}"#,
            r#"{"total_page":"3"}"#,
            r#"{"isLastPage":false}"#,
        ] {
            assert!(hints(json).says_next(1), "{json}");
        }
        for json in [r#"{"has_more":false}"#, r#"{"pages":2}"#, r#"{"last":true}"#, r#"{"has_more":null}"#, "{}"] {
            assert!(!hints(json).says_next(1), "{json}");
        }
    }

    #[test]
    fn only_what_counts_everything_proves_that_nothing_is_missing() {
        for json in [r#"{"total":50}"#, r#"{"has_more":false}"#, r#"{"pages":1}"#] {
            assert!(hints(json).says_complete(50), "{json}");
        }
        for json in ["{}", r#"{"count":50}"#, r#"{"total":51}"#, r#"{"pages":2}"#, r#"{"has_more":true}"#] {
            assert!(!hints(json).says_complete(50), "{json}");
        }
        assert!(hints("{}").may_be_cut(50, 50) && hints(r#"{"pageSize":30}"#).may_be_cut(30, 30));
        assert!(!hints("{}").may_be_cut(49, 49) && !hints(r#"{"has_more":false}"#).may_be_cut(50, 50));
        // A total of 50 may be the length of the page; one of 150 is not.
        assert!(hints(r#"{"total":50}"#).may_be_cut(50, 50) && !hints(r#"{"total":150}"#).may_be_cut(50, 150));
    }
}
