package guides;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.*;
import io.keysecure.model.*;
import io.keysecure.sandbox.KeySecureSandbox;
import io.keysecure.sandbox.Sandbox;
import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

@KeySecureSandbox
class ExactlyOnceJavaGuideTest {
    // --8<-- [start:pay]
    static String pay(Client client, String order, String cardholderNo) {
        Transfer transfer = Transfer.builder()
                .cardholderNo(cardholderNo)
                .transferUniqueNo(order + "-topup")
                .type(TransferType.in())
                .amount(new BigDecimal("25.00"))
                .build();
        try {
            return "paid: " + client.accounts().ensureTransfer(transfer).getValue().getTransferNo();
        } catch (KeySecureException.Conflict error) {
            throw error; // the reference belongs to another payment: a bug to investigate, never to repeat
        } catch (KeySecureException error) {
            // "later": put the order back into the queue, the same call settles it; "failed": nothing was moved
            return error.getOutcome() == Outcome.UNKNOWN ? "later" : "failed";
        }
    }
    // --8<-- [end:pay]

    @Test
    void aPaymentIsMadeOnceAlthoughItsResponseIsLost(Sandbox sandbox) {
        try (Client client = CardsGuideTestKt.shop(sandbox)) {
            String cardholderNo = sandbox.approvedCardholder();
            sandbox.fault("accounts.transfer", "drop_after_commit");
            assertTrue(pay(client, "order-7", cardholderNo).startsWith("paid: "));
            assertTrue(pay(client, "order-7", cardholderNo).startsWith("paid: "));
            assertEquals(1, sandbox.transfers().size());
        }
    }
}
