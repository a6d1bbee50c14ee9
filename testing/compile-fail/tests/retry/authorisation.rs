use cueline_terminals::repeat::Repeat;
use cueline_terminals::zvt::requests::{Amount, Authorisation};

fn main() {
    let amount = Amount::new(1250, cueline_model::Currency::EUR).unwrap();
    let _again = Repeat::at_most(2, Authorisation { amount });
}
