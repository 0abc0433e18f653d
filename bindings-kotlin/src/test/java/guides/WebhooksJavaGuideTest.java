package guides;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.keysecure.*;
import io.keysecure.model.*;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WebhooksJavaGuideTest {
    // --8<-- [start:receiver]
    static final WebhookVerifier VERIFIER =
            WebhookVerifier.builder("my-api-key", "current-secret-16", "previous-secret").store("memory").build();

    static final Responder RESPONDER = Responder.builder(purchase ->
                    purchase.getAmount().compareTo(new BigDecimal(100)) < 0 ? Decision.approve() : Decision.decline("over the limit"))
            .onFailure((purchase, error) -> System.err.println("no decision on " + purchase.getConsumeNo()))
            .build();

    static final WebhookReceiver RECEIVER = new WebhookReceiver(VERIFIER, RESPONDER, event -> {
        if (event instanceof Event.CardUpdate) {
            System.out.println("card " + ((Event.CardUpdate) event).getData().getCardNo());
        }
    });

    /** Call it from the HTTP server of your choice; the response has a status and a body. */
    static WebhookResponse receive(Map<String, ?> headers, byte[] body) {
        return RECEIVER.receive(headers, body);
    }
    // --8<-- [end:receiver]

    @Test
    void aPurchaseIsDecided() {
        byte[] body = "{\"id\":\"w-1\",\"action\":\"Auth\",\"data\":{\"consume_no\":\"c-1\",\"card_no\":\"k-1\",\"amount\":12.50}}".getBytes();
        WebhookResponse response = receive(VERIFIER.signForTests(Instant.now(), body), body);
        assertEquals("{\"code\":0,\"message\":\"\"}", response.getBody());
    }
}
