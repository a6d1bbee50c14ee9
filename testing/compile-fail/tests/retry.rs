//! Repeating what moves money does not compile.

#[test]
fn only_what_asks_can_be_repeated() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/retry/authorisation.rs");
    cases.compile_fail("tests/retry/refund.rs");
    cases.compile_fail("tests/retry/reversal.rs");
    cases.compile_fail("tests/retry/declared_safe.rs");
}
