//! What needs the apiSecret: the AES scheme of card secrets, and the signature of a captured webhook.

use serde_json::Value;

use super::CapturedWebhook;
use super::inference::Inference;
use super::report::Verdict;
use super::session::Session;
use crate::crypto::{AesSettings, Cipher, CipherMode, KeyScheme};
use crate::engine::{BareResponse, operation};
use crate::secrets::CardSecrets;
use crate::webhook::{SignatureMatch, WebhookVerifier};

/// Finds the scheme that decrypts the private information of a card.
pub(super) fn card(session: &mut Session<'_>, card_no: &str) {
    let Ok(credentials) = session.caller.engine.settings.credentials() else { return };
    if crate::validate::path_number("card_no", card_no).is_err() {
        return session.record(
            Inference::AesKey,
            Verdict::NotSeen,
            "the number of the card cannot stand in a path",
            None,
        );
    }
    let response = session.get(operation::CARDS_PRIVATE_INFO, "the private information of a card", card_no);
    let encrypted = response.as_ref().and_then(BareResponse::data).and_then(Value::as_str);
    let Some(encrypted) = encrypted else {
        let code = response.as_ref().and_then(BareResponse::code);
        let found = code.map_or_else(|| "no data".to_owned(), |code| format!("refused with code {code}"));
        return session.record(Inference::AesKey, Verdict::NotSeen, found, None);
    };
    let all = KeyScheme::ALL
        .into_iter()
        .flat_map(|scheme| [CipherMode::Ecb, CipherMode::Cbc].map(|mode| AesSettings { scheme, mode }));
    let matching = all.into_iter().find(|aes| {
        let plain = Cipher::new(*aes, credentials.api_secret.expose()).and_then(|cipher| cipher.decrypt(encrypted));
        plain.is_ok_and(|plain| CardSecrets::from_json(plain.expose()).is_ok())
    });
    match matching {
        Some(aes) if aes == AesSettings::default() => {
            session.confirm(Inference::AesKey, "its UTF-8 bytes decrypt the card's secrets");
        }
        Some(aes) => {
            let scheme = aes.scheme.as_str();
            let name = if aes.mode == CipherMode::Cbc { format!("{scheme}/cbc") } else { scheme.to_owned() };
            let found = format!("{name} decrypts the card's secrets");
            session.record(Inference::AesKey, Verdict::Refuted, found, Some(("aes", name)));
        }
        None => {
            session.refute(Inference::AesKey, "no known scheme decrypts the card's secrets; is the apiSecret right?");
        }
    }
}

/// Finds the app id that a captured webhook is signed with.
pub(super) fn webhook(session: &mut Session<'_>, webhook: &CapturedWebhook) {
    let Ok(credentials) = session.caller.engine.settings.credentials() else { return };
    let matching = [Some(credentials.api_key.expose()), credentials.app_id.as_deref()].map(|app_id| {
        let verifier = WebhookVerifier::for_merchant(credentials.signer, app_id?, &credentials.api_secret);
        let headers = webhook.headers.iter().map(|(name, value)| (name, value));
        verifier.ignore_timestamp().verify_signature(headers, &webhook.body).ok()
    });
    match matching {
        [Some(found), _] => {
            let found = format!("signed with the Api-Key and the apiSecret; form: {}", form(found));
            session.confirm(Inference::WebhookSigning, found);
        }
        [None, Some(found)] => {
            let found = format!("signed with this client's app_id and the apiSecret; form: {}", form(found));
            let setting = Some(("app_id", "as this client has it".to_owned()));
            session.record(Inference::WebhookSigning, Verdict::Refuted, found, setting);
        }
        [None, None] => session.refute(
            Inference::WebhookSigning,
            "neither the Api-Key nor this client's app_id and the apiSecret give the signature; try the App ID of the merchant \
             console",
        ),
    }
}

/// The canonical form of a signature, for people.
fn form(found: SignatureMatch) -> String {
    format!("{:?} {:?}", found.form.writer, found.form.order)
}
