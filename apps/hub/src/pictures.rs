//! Pictures of jobs as they come out of their printers, made when they are asked for, in a child
//! process.

use std::time::Duration;

use cueline_decoder::{DecodeError, Decoder, DecoderSettings, Profile, RenderOptions};
use cueline_hub_core::{AftermathError, PrintJob};
use cueline_model::{ContentType, PageRanges};
use http::StatusCode;
use tokio::sync::Semaphore;

use crate::hub::Hub;
use crate::profile;
use crate::refusal::Refusal;

/// The last page that is pictured.
pub const PICTURED_PAGES_MAX: u32 = 100;
/// Pictures being made or waiting for their turn: each holds its document.
const AT_ONCE_MAX: usize = 8;
const ROOM_WITHIN: Duration = Duration::from_secs(10);
const BUSY_RETRY_AFTER_S: u32 = 5;

/// What makes pictures.
pub struct Pictures {
    decoder: Decoder,
    room: Semaphore,
}

/// One page.
#[derive(Debug)]
pub struct Picture {
    /// The page.
    pub png: Vec<u8>,
    /// How many pages one copy of the job's document has.
    pub pages: u32,
}

impl Pictures {
    /// Made by children of `settings`' program.
    #[must_use]
    pub fn new(settings: DecoderSettings) -> Self {
        Self {
            decoder: Decoder::new(settings),
            room: Semaphore::new(AT_ONCE_MAX),
        }
    }

    /// Page `page`, counted from 1, of what comes out for one copy of the job, headline and options
    /// included. Where a reprint begins is no part of it: pages are those of the whole document.
    ///
    /// # Errors
    /// 404 `no_such_page`; 410 `document_gone`; 422 with the code a job would fail with; 503 `busy` and
    /// `decoder_unavailable`.
    pub async fn of(&self, hub: &Hub, job: &PrintJob, page: u32) -> Result<Picture, Refusal> {
        let _room = match tokio::time::timeout(ROOM_WITHIN, self.room.acquire()).await {
            Ok(Ok(room)) => room,
            _ => return Err(busy()),
        };
        let printer = hub.store.printer(job.tenant, job.printer).await?;
        let printer = printer.ok_or_else(|| Refusal::not_found("printer"))?;
        let document = hub.store.document(job.tenant, job.document.sha256).await?;
        let document = document.ok_or_else(|| AftermathError::DocumentGone.problem())?;
        let asked = Asked {
            document: &document,
            content_type: job.document.content_type,
            profile: profile::of(&printer),
            options: options(job),
        };
        self.page(asked, page).await
    }

    async fn page(&self, asked: Asked<'_>, page: u32) -> Result<Picture, Refusal> {
        let picked = asked.only(page);
        let many = if picked.is_some() { 1 } else { page };
        let made = self.make(picked.as_ref().unwrap_or(&asked), many).await;
        let made = match made {
            // Without such a page there is an error, and nobody says how many there are.
            Err(error @ DecodeError::Document(_)) if page > 1 && picked.is_some() => {
                let first = self.make(&asked, 1).await;
                first.map_err(|_| refused(&error)).and_then(|first| {
                    if first.total < page {
                        Ok(first)
                    } else {
                        Err(refused(&error))
                    }
                })?
            }
            made => made.map_err(|error| refused(&error))?,
        };
        let pages = made.total;
        let there = pages >= page && made.pages.len() == many as usize;
        match made.pages.into_iter().next_back().filter(|_| there) {
            Some(png) => Ok(Picture { png, pages }),
            None => Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "no_such_page",
                format!("page {page} is not there: the document has {pages}"),
            )),
        }
    }

    async fn make(
        &self,
        asked: &Asked<'_>,
        pages_max: u32,
    ) -> Result<cueline_decoder::Pictures, DecodeError> {
        let Asked {
            document,
            content_type,
            profile,
            options,
        } = asked;
        self.decoder
            .picture(document, *content_type, profile, options, pages_max)
            .await
    }
}

#[derive(Clone)]
struct Asked<'a> {
    document: &'a [u8],
    content_type: ContentType,
    profile: Profile,
    options: RenderOptions,
}

impl Asked<'_> {
    /// The same for one page alone, where pages come out as they are in the document.
    fn only(&self, page: u32) -> Option<Self> {
        let options = &self.options.options;
        let plain = options.pages.is_none()
            && options.nup.is_none_or(|nup| nup == 1)
            && self.content_type != ContentType::Raw;
        let pages: PageRanges = page.to_string().parse().ok()?;
        plain.then(|| {
            let mut only = self.clone();
            only.options.options.pages = Some(pages);
            only
        })
    }
}

fn options(job: &PrintJob) -> RenderOptions {
    let mut options = job.options_in_force();
    options.from_ticket = None;
    RenderOptions {
        copies: 1,
        duplicate: job.marked,
        options,
        title: None,
    }
}

fn refused(error: &DecodeError) -> Refusal {
    if error.is_of_this_machine() {
        tracing::error!(%error, "no picture could be made");
        return Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "decoder_unavailable",
            "the hub cannot make pictures at the moment; its log says why",
        )
        .retry_after(BUSY_RETRY_AFTER_S);
    }
    let failure = error.to_failure();
    Refusal::invalid(failure.code.as_str(), failure.text)
}

fn busy() -> Refusal {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "many pictures are being made; ask again in a moment",
    )
    .retry_after(BUSY_RETRY_AFTER_S)
}
