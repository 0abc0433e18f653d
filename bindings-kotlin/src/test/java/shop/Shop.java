package shop;

import io.keysecure.*;
import io.keysecure.model.*;
import java.io.InputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Queue;

class Shop {
    static void calls(String apiKey, String apiSecret, LocalDate start, LocalDate end) {
        try (Client client = Client.builder(apiKey, apiSecret).timeout(Duration.ofSeconds(10)).store("memory").build()) {
            CardApplied applied = client.cards().apply("1001", "order-7-card", CardType.virtual(), "P1");
            Card card = client.cards().get(applied.getCardNo());
            switch (card.getStatus().getKnown()) { // an enum; UNKNOWN has its text in getValue()
                case FROZEN: System.out.println("frozen"); break;
                default: System.out.println(card);
            }
            for (Card one : client.cards().list(start, end).iterable()) System.out.println(one); // or .stream()

            Transfer transfer = Transfer.builder().cardholderNo("1001").transferUniqueNo("order-7-topup")
                    .type(TransferType.in()).amount(new BigDecimal("25.00")).build();
            EnsureOptions options = EnsureOptions.builder().deadline(Duration.ofSeconds(90)).build();
            System.out.println(client.accounts().ensureTransfer(transfer, options).getValue().getTransferNo());
        } catch (KeySecureException error) {
            if (error.getOutcome() == Outcome.UNKNOWN) System.out.println("look it up before sending it again: " + error.getMessage());
        }
    }

    static WebhookReceiver receiver(BigDecimal limit, Queue<Event> queue) {
        WebhookVerifier verifier = WebhookVerifier.builder("my-api-key", "current-secret", "previous-secret").store("memory").build();
        Responder responder = Responder.builder(purchase ->
                        purchase.getAmount().compareTo(limit) <= 0 ? Decision.approve() : Decision.decline("over the limit"))
                .onFailure((purchase, error) -> System.err.println("no decision on " + purchase.getConsumeNo()))
                .build();
        return new WebhookReceiver(verifier, responder, event -> queue.add(event));
    }

    static int handle(WebhookReceiver receiver, Map<String, List<String>> headers, InputStream body) {
        WebhookResponse response = receiver.receive(headers, body);
        return response.getStatus(); // and response.toByteArray()
    }
}
