package io.keysecure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Clocks, the time of webhooks and warnings as Java callers use them. */
class JavaClocksTest {
    private final byte[] update =
            "{\"id\":\"1\",\"action\":\"Card_update\",\"data\":{\"card_no\":\"1\",\"after_status\":\"Frozen\"}}".getBytes();

    @Test
    void aClientWithAClockAndAnAppIdMakesAVerifier() {
        Instant then = Instant.parse("2030-01-02T03:04:05Z");
        Clock clock = Clock.fixed(then, ZoneOffset.UTC);
        try (Client client = Client.builder("key", "sixteen-letters!").appId("my-app").clock(clock).build()) {
            WebhookVerifier verifier = client.webhookVerifier();
            VerifiedWebhook received = verifier.verify(verifier.signForTests(then, update), update);
            assertEquals(then, received.getReceivedAt());
            assertTrue(received.getTimeLeft().compareTo(Duration.ofMillis(800)) <= 0);
            assertTrue(received.getReplyBefore().isBefore(Instant.now().plusSeconds(1)));
        }
    }

    @Test
    void aHandlerReadsTheFieldsOfAWarning() {
        AtomicReference<LogRecord> last = new AtomicReference<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                last.set(record);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger("keysecure");
        logger.addHandler(handler);
        try {
            WebhookVerifier verifier = new WebhookVerifier("key", java.util.List.of("secret"));
            assertThrows(
                    KeySecureException.Webhook.class,
                    () -> verifier.verify(verifier.signForTests(Instant.now().minusSeconds(9999), update), update));
        } finally {
            logger.removeHandler(handler);
        }
        WarningRecord warning = assertInstanceOf(WarningRecord.class, last.get());
        assertEquals(Level.WARNING, warning.getLevel());
        assertEquals("too_old", warning.getFields().get("rejection"));
    }
}
