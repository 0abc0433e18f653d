package shop;

import io.keysecure.Decider;
import io.keysecure.Decision;
import io.keysecure.EventHandler;
import java.math.BigDecimal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** A shop: what it does with events and purchases. The package {@code io.keysecure.spring} could be a starter of its own. */
@SpringBootApplication
public class ShopApplication {
    private static final Logger LOG = LoggerFactory.getLogger(ShopApplication.class);

    /** Decides on purchases, within 600 ms. */
    @Bean
    Decider decider() {
        return purchase -> purchase.getAmount().compareTo(new BigDecimal(100)) <= 0
                ? Decision.approve()
                : Decision.decline("over the limit of 100");
    }

    /** Handles all events but purchases. An event may come twice. */
    @Bean
    @ConditionalOnMissingBean
    EventHandler eventHandler() {
        return event -> LOG.info("{}", event);
    }

    public static void main(String[] arguments) {
        SpringApplication.run(ShopApplication.class, arguments);
    }
}
