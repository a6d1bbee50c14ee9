//! The box office's side.

use cueline_model::{
    Answer, Certainty, Currency, PaymentFailureCode, PaymentKind, PaymentState, PromptKind,
    Resolver, Stage, StationId, TerminalId, TerminalProtocol,
};
use cueline_wire::{Timestamp, api};

use crate::{AGENT, PAYMENT, SALE, TIME, check, failure, name, note, prompt, receipt};

fn alert() -> api::Alert {
    api::Alert {
        id: 7,
        code: api::AlertCode::LateApproval,
        text: "approved after all".to_owned(),
        at: Timestamp(TIME),
        payment: Some(PAYMENT),
        void_offered: true,
        agent: AGENT,
        station: name("box-office-1"),
        terminal: name("counter"),
        transaction: None,
        closed: Some(api::Closing {
            by: "Ben".to_owned(),
            reason: "voided".to_owned(),
            at: Timestamp(TIME),
        }),
    }
}

fn shown() -> api::Payment {
    api::Payment {
        id: PAYMENT,
        kind: PaymentKind::Sale,
        state: PaymentState::Approved,
        version: 9,
        certainty: Certainty::Moved,
        amount_minor: 1250,
        currency: Currency::EUR,
        original: None,
        order_ref: Some("order-4711".to_owned()),
        attempt_no: 2,
        agent: AGENT,
        station: StationId::from_u128(1),
        station_name: name("box-office-1"),
        terminal: TerminalId::from_u128(2),
        terminal_name: name("counter"),
        clerk_ref: Some("anna".to_owned()),
        created_at: Timestamp(TIME),
        start_by: Timestamp(TIME),
        start_permitted_at: Some(Timestamp(TIME)),
        cancel_requested_at: Some(Timestamp(TIME)),
        settled_at: Some(Timestamp(TIME)),
        progress: Some(note()),
        prompt: Some(prompt(PromptKind::Confirm)),
        failure: Some(failure(Stage::Agent, PaymentFailureCode::NotPermitted)),
        unknown: Some(api::Unknown {
            text: "the line broke".to_owned(),
            asking: false,
        }),
        approved_amount_minor: Some(1250),
        auth_code: Some("A1B2C3".to_owned()),
        terminal_txn_ref: Some("000123".to_owned()),
        receipt_no: Some("0042".to_owned()),
        last4: Some("1111".to_owned()),
        scheme: Some("Visa".to_owned()),
        entry_mode: Some("contactless".to_owned()),
        receipts: vec![receipt()],
        evidence: vec![api::Evidence {
            at: Timestamp(TIME),
            by: "agent".to_owned(),
            what: "late_approval".to_owned(),
            detail: Some("it was cancelled".to_owned()),
        }],
        resolved_by: Some(Resolver::Person),
        decision: Some(api::PaymentDecision {
            decision: api::MoneyDecision::NotMoved,
            by: "Ben".to_owned(),
            reason: "the list shows none".to_owned(),
            at: Timestamp(TIME),
        }),
        supersede: Some(api::Supersede {
            by: "Ben".to_owned(),
            reason: "the customer has to go in".to_owned(),
        }),
        alerts: vec![alert()],
        waiting: Some(api::Waiting {
            code: "agent_offline".to_owned(),
            text: "the agent is offline".to_owned(),
        }),
    }
}

#[test]
fn what_the_box_office_asks_for() {
    let bare: api::PaymentRequest =
        serde_json::from_str(r#"{"amount_minor":1250,"currency":"EUR","station":"box-office-1"}"#)
            .unwrap();
    assert_eq!(bare.kind, PaymentKind::Sale);
    check("payment-request-bare", &bare);
    check(
        "payment-request",
        &api::PaymentRequest {
            kind: PaymentKind::Refund,
            terminal: Some("counter".to_owned()),
            original: Some(SALE),
            order_ref: Some("order-4711".to_owned()),
            attempt_no: Some(2),
            clerk_ref: Some("anna".to_owned()),
            start_by: Some(Timestamp(TIME)),
            start_in_s: Some(60),
            supersede: shown().supersede,
            ..bare
        },
    );
    check(
        "payment-return-request",
        &api::ReturnRequest {
            amount_minor: Some(500),
            station: Some("box-office-1".to_owned()),
            terminal: Some("counter".to_owned()),
            clerk_ref: Some("anna".to_owned()),
            start_by: Some(Timestamp(TIME)),
            start_in_s: None,
        },
    );
    check(
        "payment-answer",
        &api::AnswerRequest {
            prompt: 1,
            answer: Answer::AuthCode("123456".to_owned()),
        },
    );
    let (by, reason) = ("Ben".to_owned(), "the list shows it".to_owned());
    let decision = api::MoneyDecision::Moved;
    check(
        "payment-decision",
        &api::DecisionRequest {
            decision,
            by: by.clone(),
            reason: reason.clone(),
        },
    );
    check("alert-close", &api::CloseRequest { by, reason });
    let misspelt = r#"{"amount":1250,"currency":"EUR","station":"box-office-1"}"#;
    let error = serde_json::from_str::<api::PaymentRequest>(misspelt).unwrap_err();
    assert!(error.to_string().contains("`amount`"), "{error}");
}

#[test]
fn what_the_box_office_is_shown() {
    check("payment", &shown());
    check("alert", &alert());
    let event = api::PaymentEvent {
        payment: PAYMENT,
        order_ref: Some("order-4711".to_owned()),
        state: PaymentState::AwaitingClerk,
        certainty: Certainty::Unknown,
        version: 6,
    };
    check("payment-event", &event);
    let terminal = api::Terminal {
        id: TerminalId::from_u128(2),
        name: name("counter"),
        station: StationId::from_u128(1),
        station_name: name("box-office-1"),
        agent: AGENT,
        protocol: TerminalProtocol::AdyenLocal,
        payment: Some(PAYMENT),
    };
    check(
        "station",
        &api::Station {
            id: StationId::from_u128(1),
            name: name("box-office-1"),
            agent: AGENT,
            agent_name: "till".to_owned(),
            agent_state: api::AgentState::Online,
            state: api::StationState::Ambiguous,
            user: "anna".to_owned(),
            terminals: vec![terminal],
        },
    );
    check(
        "audit-event",
        &api::AuditEvent {
            id: 3,
            at: Timestamp(TIME),
            what: "payment_resolved".to_owned(),
            by: "Ben".to_owned(),
            reason: "the list shows none".to_owned(),
            payment: Some(PAYMENT),
            detail: "sale of EUR 12.50 was unknown; decided: not_moved".to_owned(),
        },
    );
}
