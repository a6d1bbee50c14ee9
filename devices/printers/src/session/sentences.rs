//! What each fault is called to a clerk: what is wrong, what to do, in one sentence.

use cueline_model::{Fault, FaultCode};

/// A fault that a printer reported itself.
pub(crate) fn fault(code: FaultCode) -> Fault {
    Fault::new(code, sentence(code))
}

fn sentence(code: FaultCode) -> &'static str {
    match code {
        FaultCode::PaperOut => {
            "The ticket printer is out of paper: put in a new roll; printing goes on by itself."
        }
        FaultCode::PaperLow => {
            "The ticket printer will soon be out of paper: have a new roll at hand."
        }
        FaultCode::PaperJam => {
            "Paper is stuck in the ticket printer: open it, take out the stuck tickets, close it."
        }
        FaultCode::CutterError => {
            "The ticket printer's cutter is jammed: switch it off, clear the cutter, switch it on \
             again."
        }
        FaultCode::RibbonOut => {
            "The ticket printer is out of ribbon: put in a new one; printing goes on by itself."
        }
        FaultCode::CoverOpen => {
            "The ticket printer's cover is open: close it; printing goes on by itself."
        }
        FaultCode::NoAnswer => {
            "The ticket printer no longer answers: check that it is switched on and its cable is in."
        }
        FaultCode::Paused => {
            "The ticket printer is paused: press its pause or feed button; printing goes on by \
             itself."
        }
        FaultCode::Busy => {
            "The ticket printer is busy and takes no more data for now: printing goes on by itself; \
             if it does not, look whether the printer's display asks for something."
        }
        FaultCode::DataRefused => {
            "The ticket printer cannot make sense of what it was sent: tell the box office that its \
             ticket layout does not fit this printer."
        }
        FaultCode::DeviceError => {
            "The ticket printer reports an error of its cutter or head: switch it off, clear any \
             jammed paper, switch it on again."
        }
        _ => {
            "The ticket printer is off line: press its feed or on-line button, or switch it off \
             and on again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_one_and_says_what_to_do() {
        for code in [
            FaultCode::PaperOut,
            FaultCode::PaperLow,
            FaultCode::PaperJam,
            FaultCode::CutterError,
            FaultCode::RibbonOut,
            FaultCode::CoverOpen,
            FaultCode::NoAnswer,
            FaultCode::Paused,
            FaultCode::Busy,
            FaultCode::DataRefused,
            FaultCode::DeviceError,
            FaultCode::Offline,
        ] {
            let text = fault(code).text;
            assert!(text.contains(": ") && text.ends_with('.'), "{text}");
            assert_eq!(text.matches('.').count(), 1, "{text}");
        }
    }
}
