package io.keysecure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.model.ApplyCard;
import io.keysecure.model.Card;
import io.keysecure.model.CardStatus;
import io.keysecure.model.CardType;
import io.keysecure.model.ConsumptionType;
import io.keysecure.model.ErrorDetails;
import io.keysecure.model.ErrorKind;
import io.keysecure.model.Event;
import io.keysecure.model.ListCards;
import io.keysecure.model.MerchantInfo;
import io.keysecure.model.Outcome;
import io.keysecure.model.SimulationRequest;
import io.keysecure.model.Transfer;
import io.keysecure.model.TransferType;
import io.keysecure.model.WindowBound;
import io.keysecure.sandbox.KeySecureSandbox;
import io.keysecure.sandbox.Sandbox;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What Java callers find. */
class JavaApiTest {
    @Test
    @KeySecureSandbox
    void requestsAreBuiltAndSent(Sandbox sandbox, Client client) {
        String cardholderNo = sandbox.approvedCardholder();
        String cardNo = sandbox.virtualCard(cardholderNo);
        client.accounts().transfer(Transfer.builder()
                .cardholderNo(cardholderNo)
                .transferUniqueNo("topup-1")
                .type(TransferType.in())
                .amount(new BigDecimal("100.00"))
                .build());
        SimulationRequest purchase = SimulationRequest.builder()
                .cardNo(cardNo)
                .cardholderNo(cardholderNo)
                .type(ConsumptionType.consumption())
                .amount(new BigDecimal("40.00"))
                .merchantInfo(MerchantInfo.builder().merchantName("Corner Books").build())
                .build();
        String first = client.simulation().auth(purchase).getConsumeNo();
        client.simulation().auth(purchase.toBuilder().amount(new BigDecimal("15.50")).build());
        assertEquals(new BigDecimal("40.00"), client.consumptions().get(first).getAmount().setScale(2));

        Instant now = sandbox.now();
        ListCards query = ListCards.builder()
                .start(new WindowBound.Instant(now.minusSeconds(3600)))
                .end(new WindowBound.Instant(now.plusSeconds(3600)))
                .cardNo(cardNo)
                .build();
        assertEquals(1, client.cards().list(query).stream().count());
    }

    @Test
    void aMissingRequiredFieldIsNamed() {
        KeySecureException.InvalidInput error = assertThrows(
                KeySecureException.InvalidInput.class, () -> ApplyCard.builder().cardholderNo("1001").build());
        assertEquals("cardUniqueNo is required", error.getMessage());
        assertEquals(Outcome.NOT_SENT, error.getOutcome());
    }

    @Test
    void nullIsNotAmbiguous() {
        assertThrows(KeySecureException.class, () -> new WebhookVerifier("key", List.of(), null));
        assertTrue(new WebhookVerifier("key", List.of("secret"), null).toString().startsWith("WebhookVerifier"));
    }

    @Test
    void optionsOfEnsureAreBuilt() {
        EnsureOptions built = EnsureOptions.builder().settle(Duration.ofSeconds(2)).firstAttempt(true).build();
        assertEquals(new EnsureOptions(null, Duration.ofSeconds(2), null, true), built);
    }

    @Test
    void openEnumsWorkInASwitch() {
        assertEquals("blocked", said(CardStatus.frozen()));
        assertEquals("new: Under_review", said(CardStatus.of("Under_review")));
        assertSame(CardStatus.frozen(), CardStatus.valueOf("Frozen"));
        assertEquals(List.of(CardType.virtual(), CardType.physical()), CardType.values());
    }

    private static String said(CardStatus status) {
        switch (status.getKnown()) {
            case FROZEN:
                return "blocked";
            case UNKNOWN:
                return "new: " + status.getValue();
            default:
                return "other";
        }
    }

    @Test
    void modelsSurviveSerialization() throws Exception {
        Card card = Card.builder().cardNo("c-1").status(CardStatus.frozen()).cardType(CardType.of("Metal")).build();
        Card copy = (Card) copied(card);
        assertEquals(card, copy);
        assertSame(CardStatus.frozen(), copy.getStatus());
        assertEquals("Frozen", copy.getStatus().getValue());
        assertEquals("Metal", copy.getCardType().getValue());
        Event event = WebhookVerifier.parseUnverified(
                "{\"id\":\"1\",\"action\":\"Auth\",\"data\":{\"consume_no\":\"c\",\"card_no\":\"k\",\"amount\":12.50}}".getBytes());
        assertEquals(event, copied(event));
    }

    private static Object copied(Object object) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(object);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return in.readObject();
        }
    }

    @Test
    void anExceptionOfEachKindIsMadeForTests() {
        for (ErrorKind kind : ErrorKind.values()) {
            KeySecureException error = KeySecureException.of(ErrorDetails.builder()
                    .text("no such card")
                    .kind(kind)
                    .outcome(Outcome.REJECTED)
                    .code(2002)
                    .operation("cards.get")
                    .build());
            assertEquals(kind, error.getKind());
            assertEquals(Outcome.REJECTED, error.getOutcome());
            assertEquals(2002L, error.getCode());
            assertEquals("no such card", error.getMessage());
        }
        ErrorDetails notFound = ErrorDetails.builder().text("x").kind(ErrorKind.NOT_FOUND).outcome(Outcome.REJECTED).build();
        assertInstanceOf(KeySecureException.NotFound.class, KeySecureException.of(notFound));
    }

    @Test
    void aTransportIsWrittenWithPublicTypes() throws Exception {
        Transport transport = request -> HttpResponse.builder().status(503).body(request.getUrl().getBytes()).build();
        HttpRequest request = HttpRequest.builder()
                .method(io.keysecure.model.Method.GET)
                .url("https://platform.test/")
                .headers(List.of(new Header("Accept", "application/json")))
                .body(new byte[0])
                .timeout(java.time.Duration.ofSeconds(1))
                .connectTimeout(java.time.Duration.ofSeconds(1))
                .maxResponseBytes(10)
                .build();
        assertEquals(503, transport.send(request).getStatus());
    }

    @Test
    void callersCodeMayThrowCheckedExceptions() {
        IOException gone = new IOException("the database is gone");
        Transport transport = request -> {
            throw gone;
        };
        try (Client client = Client.builder("key", "sixteen-letters!").transport(transport).maxRetries(0).build()) {
            assertSame(gone, assertThrows(KeySecureException.Transport.class, () -> client.cards().get("c")).getCause());
        }
        ReplayStore replays = new ReplayStore() {
            @Override
            public String insert(String key, String value, Duration keep) throws IOException {
                throw gone;
            }

            @Override
            public String get(String key) throws IOException {
                throw gone;
            }

            @Override
            public void remove(String key) throws IOException {
                throw gone;
            }
        };
        byte[] body = "{\"id\":\"1\",\"action\":\"Auth\",\"data\":{\"consume_no\":\"c\",\"card_no\":\"k\",\"amount\":12.50}}".getBytes();
        WebhookVerifier guarded = WebhookVerifier.builder("key", "secret").store(Store.own(null, null, replays)).build();
        assertSame(gone, assertThrows(KeySecureException.Webhook.class,
                () -> guarded.verify(guarded.signForTests(Instant.now(), body), body)).getCause());

        AtomicReference<Throwable> failure = new AtomicReference<>();
        Decider decider = purchase -> {
            throw gone;
        };
        Responder responder = Responder.builder(decider).onFailure((purchase, error) -> failure.set(error)).build();
        WebhookVerifier verifier = new WebhookVerifier("key", List.of("secret"));
        responder.respond(verifier.verify(verifier.signForTests(Instant.now(), body), body));
        assertSame(gone, failure.get());
    }

    @Test
    void methodsOfCallersCodeDeclareException() {
        List<Class<?>> types = List.of(
                TokenStore.class, AttemptStore.class, ReplayStore.class, Decider.class, EventHandler.class, Session.class);
        for (Class<?> type : types) {
            for (Method one : type.getDeclaredMethods()) {
                assertEquals(List.of(Exception.class), List.of(one.getExceptionTypes()), one.toString());
            }
        }
    }
}
