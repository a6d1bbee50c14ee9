//! Finding the site that was meant: by id or by name.

use anyhow::bail;
use cueline_model::SiteId;

use crate::api::Api;

/// The site called `asked`.
pub async fn find(api: &Api, asked: &str) -> anyhow::Result<SiteId> {
    if let Ok(id) = asked.parse() {
        return Ok(id);
    }
    let sites = api.sites().await?;
    let mut named = sites.iter().filter(|site| site.name == asked);
    match (named.next(), named.next()) {
        (Some(site), None) => Ok(site.id),
        (Some(_), Some(_)) => bail!("find the site {asked:?}: several are called so; give its id"),
        (None, _) => {
            let known: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
            bail!(
                "find the site {asked:?}: there is none of that name; there are: {}",
                known.join(", ")
            )
        }
    }
}
