package io.keysecure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.model.Card;
import io.keysecure.model.CardApplied;
import io.keysecure.model.CardType;
import io.keysecure.model.Event;
import io.keysecure.model.Outcome;
import io.keysecure.model.Package;
import io.keysecure.model.Transfer;
import io.keysecure.model.TransferResult;
import io.keysecure.model.TransferType;
import io.keysecure.sandbox.Sandbox;
import io.keysecure.sandbox.TestCardSecrets;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Calls from Java. */
class JavaCallersTest {
    private static Client client(Sandbox sandbox) {
        return Client.builder(sandbox.getApiKey(), sandbox.getApiSecret())
                .baseUrl(sandbox.getBaseUrl())
                .timeout(Duration.ofSeconds(20))
                .build();
    }

    @Test
    void aCardIsIssuedAndListed() {
        try (Sandbox sandbox = new Sandbox(); Client client = client(sandbox)) {
            String cardholderNo = sandbox.approvedCardholder();
            Package plan = client.cards().packages(CardType.Virtual.INSTANCE).stream().findFirst().orElseThrow();
            CardApplied applied =
                    client.cards().apply(cardholderNo, "order-1-card", CardType.Virtual.INSTANCE, plan.getPackageNo());

            Instant now = sandbox.now();
            List<String> numbers = client.cards().list(now.minusSeconds(3600), now.plusSeconds(3600)).stream()
                    .map(Card::getCardNo)
                    .collect(Collectors.toList());
            assertEquals(List.of(applied.getCardNo()), numbers);
            for (Card card : client.cards().list(now.minusSeconds(3600), now.plusSeconds(3600)).iterable()) {
                assertEquals("order-1-card", card.getCardUniqueNo());
            }
            try (CardSecrets secrets = client.cards().privateInfo(applied.getCardNo())) {
                assertEquals(16, secrets.exposePan().length());
            }
        }
    }

    @Test
    void aTransferSucceedsAndErrorsAreTyped() {
        try (Sandbox sandbox = new Sandbox(); Client client = client(sandbox)) {
            TransferResult moved = client.accounts()
                    .transfer(sandbox.approvedCardholder(), "topup-1", TransferType.In.INSTANCE, new BigDecimal("25.00"));
            assertEquals(0, moved.getAfterBalance().compareTo(new BigDecimal("25.00")));

            KeySecureException error =
                    assertThrows(KeySecureException.NotFound.class, () -> client.cardholders().get("nobody"));
            assertEquals(Outcome.REJECTED, error.getOutcome());
            assertEquals(2002L, error.getCode());
            assertTrue(error.getMessage().contains("2002"));
        }
    }

    @Test
    void aTransferIsMadeOnceWithAStore() {
        try (Sandbox sandbox = new Sandbox();
                Client client = Client.builder(sandbox.getApiKey(), sandbox.getApiSecret())
                        .baseUrl(sandbox.getBaseUrl())
                        .store("memory")
                        .build()) {
            Transfer transfer = new Transfer(
                    sandbox.approvedCardholder(), "topup-1", TransferType.In.INSTANCE, new BigDecimal("25.00"));
            assertTrue(client.accounts().ensureTransfer(transfer, EnsureOptions.firstAttempt()).getCreated());
            EnsureOptions again = new EnsureOptions(Duration.ofSeconds(20), Duration.ofMillis(100));
            assertFalse(client.accounts().ensureTransfer(transfer, again).getCreated());
            assertEquals("GB", Addresses.virtualCard("SW1Y 4JH", "GB", "London", "London", "12 St James's Square").getCountry());
        }
    }

    @Test
    void webhooksAreVerified() {
        WebhookVerifier verifier = new WebhookVerifier("key", List.of("secret"), null, Store.own(null, null, new TestReplayStore()));
        byte[] body = "{\"id\":\"1\",\"action\":\"Auth\",\"data\":{\"consume_no\":\"c\",\"card_no\":\"k\",\"amount\":12.50}}".getBytes();
        Map<String, String> headers = verifier.signForTests(Instant.now(), body);
        Responder responder = new Responder(purchase -> purchase.getAmount().compareTo(BigDecimal.TEN) < 0
                ? Decision.approve()
                : Decision.decline("over the limit"));
        assertEquals(Replies.decline("over the limit"), responder.respond(verifier.verify(headers, body)));
        assertEquals(Decision.Approve.INSTANCE, Decision.approve());
    }

    @Test
    void verifiersAndRespondersAreBuilt() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "decisions"));
        try (Sandbox sandbox = new Sandbox(); Client client = client(sandbox)) {
            Store store = Store.own(null, null, new TestReplayStore());
            List<WebhookVerifier> verifiers = List.of(
                    WebhookVerifier.builder("key", "old-secret", "secret").store(store).tolerance(Duration.ofSeconds(60)).build(),
                    client.webhookVerifierBuilder().secrets("secret").store(store).maxBody(2_000).build(),
                    client.webhookVerifier(store),
                    WebhookVerifier.builder("key", "secret").store(store).build());
            List<String> failures = new ArrayList<>();
            Responder responder = Responder.builder(purchase -> {
                        throw new IllegalStateException(Thread.currentThread().getName());
                    })
                    .otherwise(Decision.decline("ask again"))
                    .budget(Duration.ofMillis(700))
                    .executor(executor)
                    .onFailure((purchase, error) -> failures.add(purchase.getConsumeNo() + " " + error.getMessage()))
                    .build();
            for (int number = 0; number < verifiers.size(); number++) {
                WebhookVerifier verifier = verifiers.get(number);
                byte[] body = ("{\"id\":\"1\",\"action\":\"Auth\",\"data\":{\"consume_no\":\"c" + number
                        + "\",\"card_no\":\"k\",\"amount\":12.50}}").getBytes();
                Map<String, String> headers = verifier.signForTests(Instant.now(), body);
                assertEquals(Replies.decline("ask again"), responder.respond(verifier.verify(headers, body)));
                // It has the store.
                assertThrows(KeySecureException.Webhook.class, () -> verifier.verify(headers, body));
            }
            assertEquals(List.of("c0 decisions", "c1 decisions", "c2 decisions", "c3 decisions"), failures);
            assertThrows(KeySecureException.Webhook.class, () -> verifiers.get(1).verify(Map.of(), new byte[2_001]));
            assertThrows(KeySecureException.Config.class, () -> WebhookVerifier.builder("key").build());
            assertThrows(KeySecureException.InvalidInput.class, () -> Responder.builder(purchase -> Decision.approve())
                    .budget(Duration.ofMillis(-1))
                    .build());
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void theSandboxIsControlledWithMaps() {
        try (Sandbox sandbox = new Sandbox()) {
            sandbox.settings(Map.of("http_statuses", "strict"));
            sandbox.listSettings(Map.of("page_cap", 50));
            sandbox.control("POST /faults/clear");
            TestCardSecrets secrets = sandbox.secrets(sandbox.virtualCard(sandbox.approvedCardholder()));
            assertEquals(List.of(16, 3), List.of(secrets.getPan().length(), secrets.getCvv().length()));
        }
    }

    @Test
    void webhooksAreReceived() {
        WebhookVerifier verifier = new WebhookVerifier("key", List.of("secret"), null, Store.memory());
        byte[] body = "{\"id\":\"1\",\"action\":\"Card_update\",\"data\":{\"card_no\":\"k\",\"after_status\":\"Frozen\"}}".getBytes();
        List<Event> handled = new ArrayList<>();
        Responder responder = new Responder(purchase -> Decision.approve());
        for (WebhookReceiver receiver : List.of(
                new WebhookReceiver(verifier, handled::add),
                new WebhookReceiver(verifier, responder, handled::add),
                new WebhookReceiver(verifier, responder, (event, error) -> { }, handled::add))) {
            Instant at = Instant.now().minusSeconds(handled.size());
            WebhookResponse response = receiver.receive(verifier.signForTests(at, body), new ByteArrayInputStream(body));
            assertEquals(200, response.getStatus());
            assertEquals(Replies.accept(), new String(response.toByteArray()));
        }
        assertEquals(3, handled.size());
    }
}
