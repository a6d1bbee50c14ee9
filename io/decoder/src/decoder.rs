//! The parent: starts a child for each document, hands it over, takes what comes back, ends the child.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cueline_model::ContentType;
use cueline_printers::{Print, Profile, RenderOptions, Tickets};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::DecodeError;
use crate::request::{End, Request, What};
use crate::settings::DecoderSettings;

mod ending;
mod talk;

/// Decodes documents, each in a child of its own. Cheap to clone; clones share the number of children.
#[derive(Debug, Clone)]
pub struct Decoder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: DecoderSettings,
    turns: Semaphore,
    told_what_is_lacking: AtomicBool,
}

/// Pictures of a document's pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pictures {
    /// PNG, page by page, as many as were asked for.
    pub pages: Vec<Vec<u8>>,
    /// Pages of the document, pictured or not.
    pub total: u32,
}

impl Decoder {
    /// One that starts children as `settings` say.
    #[must_use]
    pub fn new(settings: DecoderSettings) -> Self {
        let turns = Semaphore::new(settings.children_max.max(1));
        Self {
            shared: Arc::new(Shared {
                settings,
                turns,
                told_what_is_lacking: AtomicBool::new(false),
            }),
        }
    }

    /// Makes what prints `document` on a printer described by `profile`
    /// ([`cueline_printers::render`], in a child).
    ///
    /// Dropping the future ends the child.
    ///
    /// # Errors
    /// [`DecodeError`], whose [`to_failure`](DecodeError::to_failure) is what the job is failed with.
    pub async fn render(
        &self,
        document: &[u8],
        content_type: ContentType,
        profile: &Profile,
        options: &RenderOptions,
    ) -> Result<Print, DecodeError> {
        let mut parts = Tickets::default();
        let request = self.request(What::Render, content_type, profile, options);
        let end = self
            .decode(&request, document, |tickets, part| {
                parts.push_several(&part, tickets)
            })
            .await?;
        match end {
            End::Tickets => Ok(Print::Tickets(parts)),
            End::Document {
                content_type,
                copies,
                options,
                title,
            } => Ok(Print::Document {
                bytes: parts.into_bytes(),
                content_type,
                copies,
                options,
                title,
            }),
            End::Failed(failure) => Err(DecodeError::Document(failure)),
            End::Pictures { .. } => Err(unasked()),
        }
    }

    /// Makes pictures of what comes out of a printer described by `profile`: the first `pages_max` pages.
    ///
    /// # Errors
    /// As [`Decoder::render`].
    pub async fn picture(
        &self,
        document: &[u8],
        content_type: ContentType,
        profile: &Profile,
        options: &RenderOptions,
        pages_max: u32,
    ) -> Result<Pictures, DecodeError> {
        let mut pages = Vec::new();
        let request = self.request(What::Picture { pages_max }, content_type, profile, options);
        let end = self
            .decode(&request, document, |_, part| pages.push(part))
            .await?;
        match end {
            End::Pictures { pages: total } => Ok(Pictures { pages, total }),
            End::Failed(failure) => Err(DecodeError::Document(failure)),
            End::Tickets | End::Document { .. } => Err(unasked()),
        }
    }

    fn request(
        &self,
        what: What,
        content_type: ContentType,
        profile: &Profile,
        options: &RenderOptions,
    ) -> Request {
        Request {
            what,
            content_type,
            profile: *profile,
            options: options.clone(),
            output_bytes_max: self.shared.settings.limits.output_bytes,
        }
    }

    async fn decode(
        &self,
        request: &Request,
        document: &[u8],
        part: impl FnMut(u32, Vec<u8>),
    ) -> Result<End, DecodeError> {
        let limits = self.shared.settings.limits;
        let bytes = document.len() as u64;
        if bytes > limits.document_bytes {
            return Err(DecodeError::TooLong {
                bytes,
                limit_bytes: limits.document_bytes,
            });
        }
        // The semaphore is never closed; without a turn there would only be more children at once.
        let _turn = self.shared.turns.acquire().await.ok();
        let mut child = self.start().map_err(DecodeError::Start)?;
        let talked = timeout(limits.wall, async {
            let talk = talk::with(&mut child, &limits, request, document, part).await;
            // It has closed its pipes and is about to end.
            child.wait().await.map(|status| (talk, status))
        })
        .await;
        match talked {
            Ok(Ok((talk, status))) => {
                self.tell_what_is_lacking(&talk);
                ending::judged(talk, status, &limits)
            }
            Ok(Err(error)) => Err(DecodeError::Start(error)),
            Err(_) => {
                child.kill().await.ok();
                Err(DecodeError::TooSlow { limit: limits.wall })
            }
        }
    }

    fn start(&self) -> std::io::Result<Child> {
        let settings = &self.shared.settings;
        let mut command = Command::new(&settings.program);
        command
            .args(&settings.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Nothing of the parent's: no proxy's password, no place to write to.
        #[cfg(unix)]
        {
            command.env_clear().current_dir("/");
            // Listed under this program's name and not as the link it is started through.
            if let Some(name) = std::env::args_os().next() {
                command.arg0(name);
            }
        }
        command.spawn()
    }

    fn tell_what_is_lacking(&self, talk: &talk::Talk) {
        let lacking = talk.lacking();
        let first = |told: &AtomicBool| !told.swap(true, Ordering::Relaxed);
        if !lacking.is_empty() && first(&self.shared.told_what_is_lacking) {
            tracing::warn!(
                "documents are decoded with less protection: {}",
                lacking.join("; ")
            );
        }
    }
}

fn unasked() -> DecodeError {
    DecodeError::Crashed {
        how: "it answered what it was not asked".to_owned(),
    }
}
