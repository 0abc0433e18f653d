package io.keysecure.spring;

import io.keysecure.WebhookReceiver;
import io.keysecure.WebhookResponse;
import java.io.InputStream;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/**
 * Receives webhooks at {@code keysecure.webhooks.path}. With Spring Security, permit this path for everybody and without a CSRF token: the
 * signature authenticates the platform.
 */
@RestController
class WebhookController {
    private final WebhookReceiver receiver;

    WebhookController(WebhookReceiver receiver) {
        this.receiver = receiver;
    }

    /** Takes the stream: {@code @RequestBody} would read a body of any size, or parse what is signed as it is. */
    @PostMapping("${keysecure.webhooks.path:/webhooks}")
    ResponseEntity<byte[]> receive(@RequestHeader HttpHeaders headers, InputStream body) {
        WebhookResponse response = receiver.receive(headers, body);
        return ResponseEntity.status(response.getStatus())
                .contentType(MediaType.parseMediaType(response.getContentType()))
                .body(response.toByteArray());
    }
}
