package io.keysecure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.keysecure.model.Language;
import io.keysecure.model.Outcome;
import java.io.IOException;
import java.lang.reflect.Method;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The client of an app, as Java callers write it. */
class JavaRelayTest {
    @Test
    void aRelayClientIsBuilt() {
        try (MockRelay relay = new MockRelay(request -> MockRelay.Companion.data(MockRelay.CARD));
                Client client = Client.relay(relay.getUrl(), refused -> refused ? null : "session-1")
                        .timeout(Duration.ofSeconds(10))
                        .connectTimeout(Duration.ofSeconds(2))
                        .maxRetries(1)
                        .language(Language.CHINESE)
                        .timezone("UTC+2")
                        .transport(new UrlConnectionTransport())
                        .observer(new LogObserver(line -> {}))
                        .allowPlainHttp("10.0.2.2")
                        .clock(Clock.systemUTC())
                        .build()) {
            assertEquals("1001", client.cards().get("c1").getCardholderNo());
            assertEquals("Bearer session-1", relay.getRequests().get(0).header("Authorization"));
        }
    }

    @Test
    void aSessionMayThrowCheckedExceptionsOrReturnNull() {
        IOException gone = new IOException("offline");
        Session session = refused -> {
            throw gone;
        };
        try (Client client = Client.relay("http://127.0.0.1:1", session).build()) {
            KeySecureException error = assertThrows(KeySecureException.Authentication.class, () -> client.cards().get("c1"));
            assertSame(gone, error.getCause());
            assertEquals(Outcome.NOT_SENT, error.getOutcome());
        }
        try (Client client = Client.relay("http://127.0.0.1:1", refused -> null).build()) {
            KeySecureException error = assertThrows(KeySecureException.Authentication.class, () -> client.cards().get("c1"));
            assertNull(error.getCause());
        }
    }

    @Test
    void anAppIsOfferedNoSettingOfTheServer() {
        List<String> names = Arrays.stream(RelayClientBuilder.class.getMethods())
                .filter(one -> one.getDeclaringClass() == RelayClientBuilder.class)
                .map(Method::getName)
                .sorted()
                .collect(Collectors.toList());
        assertEquals(
                List.of(
                        "allowPlainHttp", "build", "caPem", "clock", "connectTimeout", "language", "maxRetries", "observer", "proxy", "timeout",
                        "timezone", "transport"),
                names);
    }
}
