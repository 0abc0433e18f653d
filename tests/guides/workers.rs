//! The code of the guide "Several workers".

use keysecure::{OnStoreFailure, Store};
use keysecure_sandbox::Sandbox;

use super::{Outcome, builder};

#[test]
fn workers_share_a_store() -> Outcome {
    let sandbox = Sandbox::start()?;
    let folder = std::env::temp_dir().join(format!("keysecure-workers-{}", std::process::id()));
    let directory = folder.display();
    for _ in 0..2 {
        let builder = builder(&sandbox);
        // --8<-- [start:shared]
        let store: Store = format!("file:{directory}").parse()?; // or "redis://10.0.0.5/"; KEYSECURE_STORE
        let client = builder.store(store.clone()).build()?;
        let replays = store.replay_store().ok_or("this store keeps no webhooks")?;
        let verifier = client.webhook_verifier()?.replay_guard(replays, OnStoreFailure::Reject);
        // --8<-- [end:shared]
        client.access_token()?;
        drop(verifier);
    }
    std::fs::remove_dir_all(&folder)?;
    assert_eq!(sandbox.requests_to("token"), 1);
    Ok(())
}
