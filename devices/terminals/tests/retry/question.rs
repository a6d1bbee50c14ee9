use cueline_terminals::repeat::Repeat;
use cueline_terminals::zvt::requests::RepeatReceipt;

fn main() {
    let mut question = Repeat::at_most(2, RepeatReceipt { password: 0 });
    assert!(question.next_bytes().is_some() && question.next_bytes().is_some());
    assert!(question.next_bytes().is_none());
}
