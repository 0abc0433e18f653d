package guides;

// --8<-- [start:first]
import io.keysecure.*;
import io.keysecure.model.*;
import io.keysecure.sandbox.Sandbox;
import java.math.BigDecimal;
// --8<-- [end:first]
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class QuickStartJavaGuideTest {
    @Test
    void theFirstProgramRuns() {
        // --8<-- [start:first]
        try (Sandbox sandbox = new Sandbox(); Client client = sandbox.clientBuilder().store("memory").build()) {
            String customer = sandbox.approvedCardholder();
            String packageNo = client.cards().packages(CardType.virtual()).iterable().iterator().next().getPackageNo();
            ApplyCard application = ApplyCard.builder()
                    .cardholderNo(customer)
                    .cardUniqueNo("customer-7-card") // your reference
                    .cardType(CardType.virtual())
                    .packageNo(packageNo)
                    .build();
            Ensured<Card> card = client.cards().ensureCard(application, EnsureOptions.firstAttempt());
            System.out.println("card " + card.getValue().getCardNo());

            Transfer transfer = Transfer.builder()
                    .cardholderNo(customer)
                    .transferUniqueNo("order-7")
                    .type(TransferType.in())
                    .amount(new BigDecimal("25.00"))
                    .build();
            Ensured<TransferRecord> paid = client.accounts().ensureTransfer(transfer, EnsureOptions.firstAttempt());
            System.out.println("paid " + paid.getValue().getTransferNo());
            System.out.println("balance " + client.accounts().get(customer).getList().get(0).getBalance());
        }
        // --8<-- [end:first]
    }

    // --8<-- [start:account]
    static void listPackages() {
        try (Client client = Client.fromEnv()) {
            for (io.keysecure.model.Package one : client.cards().packages().iterable()) {
                System.out.println(one.getPackageNo() + " " + one.getPackageEnName());
            }
        }
    }
    // --8<-- [end:account]

    @Test
    void aProgramWithoutCredentialsSaysWhichAreMissing() {
        Assertions.assertThrows(KeySecureException.Config.class, QuickStartJavaGuideTest::listPackages);
    }
}
