package shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.keysecure.Client;
import io.keysecure.sandbox.KeySecureSandbox;
import io.keysecure.sandbox.Sandbox;
import org.junit.jupiter.api.Test;

@KeySecureSandbox
class TopUpTest {
    @Test
    void aCardholderIsToppedUp(Sandbox sandbox, Client client) {
        assertTrue(TopUp.topUp(client, sandbox.approvedCardholder(), "order-7").startsWith("balance 25"));
    }

    @Test
    void anUnknownCardholderIsRefused(Client client) {
        assertEquals("not made: 2002", TopUp.topUp(client, "nobody", "order-8"));
    }
}
