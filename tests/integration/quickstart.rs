//! Runs the Rust quickstart example, which walks through the life cycle of a card.

use std::collections::BTreeSet;

use keysecure::{Decimal, Effect, Mode, OPERATIONS};
use keysecure_tests::TestEnv;

#[path = "../../core/examples/quickstart/story.rs"]
mod story;

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_quickstart_example_makes_every_mutation_of_credit_mode() {
    let env = TestEnv::credit().unwrap();
    story::run(&env.client, &env.sandbox).unwrap();
    let requests = env.sandbox.requests();
    assert!(requests.iter().all(|request| request.code == Some(0)), "no call was refused");
    let made: BTreeSet<&str> = requests.iter().map(|request| &*request.operation).collect();
    let is_credit = |mode| matches!(mode, Mode::Both | Mode::Credit | Mode::SandboxOnly);
    for operation in OPERATIONS.iter().filter(|one| is_credit(one.mode) && one.effect == Effect::Mutation) {
        assert!(made.contains(operation.name), "{} is missing", operation.name);
    }
    assert_eq!((env.sandbox.cards().len(), env.sandbox.transfers().len()), (2, 1));
    assert_eq!(env.sandbox.ledger().holds_total(), Decimal::ZERO);
}
