//! What a parent makes of each way a child can fail it.

use std::time::{Duration, Instant};

use cueline_decoder::{
    DecodeError, Decoder, DecoderSettings, Limits, Print, Profile, RenderOptions,
};
use cueline_model::{ContentType, FailureCode, Language};
use libtest_mimic::Trial;

use crate::unruly;

pub fn tests() -> Vec<Trial> {
    let tests: [(&str, fn()); 8] = [
        (
            "a_raw_document_comes_back_as_it_is",
            a_raw_document_comes_back_as_it_is,
        ),
        ("a_child_out_of_time_is_ended", a_child_out_of_time_is_ended),
        (
            "a_child_out_of_memory_is_told_from_others",
            a_child_out_of_memory_is_told_from_others,
        ),
        (
            "a_child_that_breaks_is_said_to_have",
            a_child_that_breaks_is_said_to_have,
        ),
        (
            "a_child_cannot_make_its_parent_take_memory",
            a_child_cannot_make_its_parent_take_memory,
        ),
        (
            "an_unconfined_child_gets_no_document",
            an_unconfined_child_gets_no_document,
        ),
        (
            "a_long_document_starts_no_child",
            a_long_document_starts_no_child,
        ),
        ("children_take_turns", children_take_turns),
    ];
    tests
        .into_iter()
        .map(|(name, test)| {
            Trial::test(format!("limits::{name}"), move || {
                test();
                Ok(())
            })
        })
        .collect()
}

const SMALL: Limits = Limits {
    memory_bytes: 256 * 1024 * 1024,
    cpu: Duration::from_secs(2),
    wall: Duration::from_secs(60),
    document_bytes: 4 * 1024 * 1024,
    output_bytes: 4 * 1024 * 1024,
};

/// A decoder whose children are this program, started with `verb`.
pub fn decoder(verb: &str, limits: Limits) -> Decoder {
    let mut settings = DecoderSettings::this_program().unwrap();
    settings.args = vec![verb.into()];
    settings.limits = limits;
    Decoder::new(settings)
}

/// Runs a test's async part.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn raw(decoder: &Decoder, document: &[u8]) -> Result<Print, DecodeError> {
    block_on(decoder.render(
        document,
        ContentType::Raw,
        &Profile::new(Language::Raw),
        &RenderOptions::default(),
    ))
}

fn failed(verb: &str, limits: Limits) -> DecodeError {
    raw(&decoder(verb, limits), &vec![b'x'; 1024 * 1024]).unwrap_err()
}

fn a_raw_document_comes_back_as_it_is() {
    let document: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    let print = raw(&decoder(cueline_decoder::VERB, SMALL), &document).unwrap();
    let Print::Tickets(tickets) = print else {
        panic!("{print:?}");
    };
    assert_eq!(tickets.bytes(), document);
}

fn a_child_out_of_time_is_ended() {
    let error = failed(unruly::SPINS, SMALL);
    assert_eq!(
        error.to_string(),
        "the document needs more than 2 s to decode; make it simpler"
    );
    assert_eq!(error.to_failure().code, FailureCode::BadDocument);

    let begun = Instant::now();
    let wall = Duration::from_secs(1);
    let error = failed(unruly::SLEEPS, Limits { wall, ..SMALL });
    assert!(
        matches!(error, DecodeError::TooSlow { limit } if limit == wall),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(60));
}

fn a_child_out_of_memory_is_told_from_others() {
    let error = failed(unruly::GOBBLES, SMALL);
    assert_eq!(
        error.to_string(),
        "the document needs more than 256 MiB to decode; make it simpler"
    );
}

fn a_child_that_breaks_is_said_to_have() {
    let how = |verb| match failed(verb, SMALL) {
        DecodeError::Crashed { how } => how,
        other => panic!("{verb}: {other}"),
    };
    assert_eq!(how(unruly::DESCENDS), "it is nested too deeply");
    // The words of a panic may hold what is in the document: they are for the log alone.
    assert_eq!(how(unruly::PANICS), "exit status: 101");
    assert!(how(unruly::LEAVES).contains("eof"));
    assert!(how(unruly::COMPLAINS).contains("eof"));
}

fn a_child_cannot_make_its_parent_take_memory() {
    for (verb, said) in [
        (unruly::BOASTS, "4294967295 bytes; expected at most 4194308"),
        (unruly::FLOODS, "expected at most"),
    ] {
        let error = failed(verb, SMALL);
        assert!(error.to_string().contains(said), "{verb}: {error}");
    }
}

fn an_unconfined_child_gets_no_document() {
    let error = failed(unruly::REFUSES, SMALL);
    assert!(error.is_of_this_machine());
    assert!(error.to_string().contains("it is Monday"), "{error}");

    let mut settings = DecoderSettings::this_program().unwrap();
    settings.args = vec!["--list".into()];
    let error = raw(&Decoder::new(settings), b"x").unwrap_err();
    assert!(error.is_of_this_machine(), "{error}");

    let nowhere = DecoderSettings::of_program("/nonexistent/cueline".into());
    let error = raw(&Decoder::new(nowhere), b"x").unwrap_err();
    assert!(error.is_of_this_machine(), "{error}");
}

fn a_long_document_starts_no_child() {
    let nowhere = DecoderSettings {
        limits: SMALL,
        ..DecoderSettings::of_program("/nonexistent/cueline".into())
    };
    let document = vec![0; 4 * 1024 * 1024 + 1];
    let error = raw(&Decoder::new(nowhere), &document).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the document has 4194305 bytes; expected at most 4194304"
    );
}

fn children_take_turns() {
    let mut settings = DecoderSettings::this_program().unwrap();
    settings.children_max = 1;
    let decoder = Decoder::new(settings);
    block_on(async {
        let jobs: Vec<_> = (0..8_u8)
            .map(|number| {
                let decoder = decoder.clone();
                tokio::spawn(async move {
                    let profile = Profile::new(Language::Raw);
                    let options = RenderOptions::default();
                    decoder
                        .render(&[number], ContentType::Raw, &profile, &options)
                        .await
                })
            })
            .collect();
        for (number, job) in (0..8_u8).zip(jobs) {
            let Print::Tickets(tickets) = job.await.unwrap().unwrap() else {
                panic!("not tickets");
            };
            assert_eq!(tickets.bytes(), [number]);
        }
    });
}
