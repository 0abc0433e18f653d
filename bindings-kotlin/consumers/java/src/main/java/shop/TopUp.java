package shop;

import io.keysecure.Client;
import io.keysecure.KeySecureException;
import io.keysecure.model.Outcome;
import io.keysecure.model.Transfer;
import io.keysecure.model.TransferType;
import java.math.BigDecimal;

/** Tops up a cardholder, and says what came of it. */
public final class TopUp {
    private TopUp() {}

    public static String topUp(Client client, String cardholderNo, String order) {
        Transfer transfer = Transfer.builder()
                .cardholderNo(cardholderNo)
                .transferUniqueNo(order + "-topup")
                .type(TransferType.in())
                .amount(new BigDecimal("25.00"))
                .build();
        try {
            return "balance " + client.accounts().transfer(transfer).getAfterBalance();
        } catch (KeySecureException error) {
            return error.getOutcome() == Outcome.UNKNOWN ? "not known" : "not made: " + error.getCode();
        }
    }
}
