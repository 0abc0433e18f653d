package io.keysecure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.model.Grant;
import io.keysecure.relay.AuditRecord;
import io.keysecure.relay.Authorize;
import io.keysecure.relay.Relay;
import io.keysecure.relay.RelayRequest;
import io.keysecure.relay.RelayResponse;
import io.keysecure.relay.Scope;
import io.keysecure.sandbox.Sandbox;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The relay, as Java callers write it. */
class JavaRelayServerTest {
    @Test
    void aRelayIsBuiltAndServes() throws IOException {
        try (Sandbox sandbox = new Sandbox();
                Client client = sandbox.clientBuilder().store(Store.memory()).build()) {
            String own = sandbox.approvedCardholder();
            String cardNo = sandbox.virtualCard(own);
            List<AuditRecord> records = new ArrayList<>();
            Relay relay = Relay.builder(client, request -> scopeOf(request, own))
                    .mount("/keysecure")
                    .audit(records::add)
                    .maxRequestBytes(1_000)
                    .requestsPerSecond(50)
                    .concurrentRequests(4)
                    .eventsKept(10)
                    .streamLasts(Duration.ofMillis(10))
                    .build();
            Map<String, List<String>> headers =
                    Map.of("Authorization", List.of("Bearer t0ken"), "Content-Type", List.of("application/json"));
            byte[] body = ("{\"card_no\":\"" + cardNo + "\"}").getBytes(StandardCharsets.UTF_8);
            try (RelayResponse response = relay.handle("POST", "/keysecure/v1/cards.get", headers, new ByteArrayInputStream(body))) {
                assertEquals(200, response.getStatus());
                assertEquals("application/json", response.getHeaders().get("Content-Type"));
                assertNull(response.getEvents());
                ByteArrayOutputStream output = new ByteArrayOutputStream();
                response.writeTo(output);
                assertEquals(response.getContentLength(), output.size());
                assertTrue(output.toString(StandardCharsets.UTF_8).contains(cardNo));
            }
            assertEquals("cards.get", records.get(0).getOperation());
            assertNull(records.get(0).getDenial());
            try (RelayResponse events = relay.handle("GET", "/keysecure/v1/events", headers, new byte[0], "context")) {
                assertNull(events.getContentLength());
                for (var chunks = events.getEvents(); chunks.hasNext(); ) {
                    assertTrue(chunks.next().startsWith(": connected"));
                }
            }
        }
    }

    private static Scope scopeOf(RelayRequest request, String cardholderNo) throws IOException {
        if (request.getBearer() == null) {
            throw new IOException("a checked exception is a refusal");
        }
        return Scope.cardholder(cardholderNo)
                .session("phone")
                .readOnly()
                .grant(Grant.CARDS_FREEZE, Grant.ACCOUNTS_TRANSFER_IN)
                .grantNames(List.of("cards.unfreeze"))
                .maxTransfer(new BigDecimal("100"))
                .maxPerDay(new BigDecimal("500"));
    }

    @Test
    void aFunctionThatReturnsNullRefuses() {
        try (Sandbox sandbox = new Sandbox();
                Client client = sandbox.clientBuilder().store("memory").build()) {
            Authorize nobody = request -> null;
            assertEquals(401, Relay.builder(client, nobody).build().handle("POST", "/v1/cards.get", Map.of(), new byte[0]).getStatus());
        }
    }
}
