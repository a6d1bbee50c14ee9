use cueline_terminals::repeat::Repeat;
use cueline_terminals::zvt::requests::Reversal;

fn main() {
    let _again = Repeat::at_most(2, Reversal { password: 0, receipt_no: 1 });
}
