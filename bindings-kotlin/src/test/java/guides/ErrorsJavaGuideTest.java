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
class ErrorsJavaGuideTest {
    // --8<-- [start:outcome]
    static String topUp(Client client, String cardholderNo) {
        try {
            TransferResult done = client.accounts()
                    .transfer(cardholderNo, "order-7-topup", TransferType.in(), new BigDecimal("25.00"));
            return "balance is now " + done.getAfterBalance();
        } catch (KeySecureException error) {
            switch (error.getOutcome()) {
                case NOT_SENT: // no whole request can have reached the platform: send it again
                    return "not sent: " + error.getMessage();
                case REJECTED: // the platform says that it did not do it
                    return "refused: " + error.getCode() + " " + error.getMsg() + " " + error.getField();
                default: // it may have been done: look it up by its reference, or use ensureTransfer
                    return "unknown: " + error.getMessage();
            }
        }
    }
    // --8<-- [end:outcome]

    @Test
    void anOutcomeSaysWhatToDo(Sandbox sandbox, Client client) {
        String customer = sandbox.approvedCardholder();
        sandbox.fault("accounts.transfer", "drop_after_commit");
        assertTrue(topUp(client, customer).startsWith("unknown: "));
        assertEquals(1, sandbox.transfers().size());
    }
}
