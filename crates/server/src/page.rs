//! Lists in pages, read by seeking: a page begins after what the page before ended with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::problem::{Refusal, Result};

const USUAL: u32 = 50;
const MOST: u32 = 500;

/// What every list takes. Flattened parameters are read as texts, so the number is parsed here.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// At most 500; 50 unless given.
    #[param(value_type = Option<u64>)]
    limit: Option<String>,
    /// `next_page` of the answer before.
    page: Option<String>,
}

impl Paging {
    pub(crate) fn limit(&self) -> Result<u32> {
        let Some(text) = &self.limit else { return Ok(USUAL) };
        match text.parse() {
            Ok(0) | Err(_) => Err(Refusal::bad_input("`limit` is a number from 1 to 500").in_field("limit")),
            Ok(limit) => Ok(u32::min(limit, MOST)),
        }
    }

    /// Where the page before ended.
    pub(crate) fn place<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(page) = &self.page else { return Ok(None) };
        let read = |page: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(page).ok()?).ok();
        match read(page) {
            Some(place) => Ok(Some(place)),
            None => Err(Refusal::bad_input("`page` is not a `next_page` of this list").in_field("page")),
        }
    }

    /// The same for places that are ids.
    pub(crate) fn id<T: std::str::FromStr>(&self) -> Result<Option<T>> {
        let Some(text) = self.place::<String>()? else { return Ok(None) };
        let not_here = || Refusal::bad_input("`page` is not a `next_page` of this list").in_field("page");
        text.parse().map(Some).map_err(|_| not_here())
    }
}

/// What a `next_page` says.
pub(crate) fn token(place: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).expect("places are texts and numbers"))
}

/// Cuts a list that was asked for with one more than the limit, and says where the next page begins.
pub(crate) fn cut<T>(
    mut items: Vec<T>,
    limit: u32,
    place: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(|last| token(&place(last)));
    (items, next)
}

/// A page of a list that is there whole, each item at a place of its own in ascending order.
pub(crate) fn slice<T>(
    items: Vec<T>,
    paging: &Paging,
    place: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>)> {
    let after: Option<String> = paging.place()?;
    let rest = items.into_iter().filter(|item| after.as_ref().is_none_or(|after| place(item) > *after));
    let limit = paging.limit()?;
    Ok(cut(rest.take(limit as usize + 1).collect(), limit, place))
}

macro_rules! page {
    ($name:ident, $item:ty) => {
        /// One page.
        #[derive(Serialize, ToSchema)]
        pub(crate) struct $name {
            pub(crate) items: Vec<$item>,
            /// Give it as `page` for what follows; absent on the last page.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(crate) next_page: Option<String>,
        }
    };
}

pub(crate) use page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_end() {
        let all = || ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
        let mut paging = Paging { limit: Some("2".to_owned()), page: None };
        let mut seen = Vec::new();
        loop {
            let (items, next) = slice(all(), &paging, Clone::clone).unwrap();
            assert!(items.len() <= 2);
            seen.extend(items);
            let Some(next) = next else { break };
            paging.page = Some(next);
        }
        assert_eq!(seen, all());
        assert!(Paging { limit: Some("0".to_owned()), page: None }.limit().is_err());
        assert!(Paging { limit: None, page: Some("!".to_owned()) }.place::<String>().is_err());
    }
}
