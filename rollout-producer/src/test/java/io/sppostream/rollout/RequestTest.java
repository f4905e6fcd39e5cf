package io.sppostream.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.Prompt;
import io.sppostream.rollout.ResponseGenerator.Request;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestTest {

    @Test
    void shouldMakeARequestForEachSample() {
        Prompt prompt = TestPolicy.prompt("r-7", "1+2=", 3);

        List<Request> requests = Request.of(prompt, 5);

        assertThat(requests)
                .containsExactly(
                        new Request(prompt, 0, Seeds.of(5, "r-7", 0)),
                        new Request(prompt, 1, Seeds.of(5, "r-7", 1)),
                        new Request(prompt, 2, Seeds.of(5, "r-7", 2)));
        assertThat(requests).extracting(Request::rolloutId).containsExactly("r-7/0", "r-7/1", "r-7/2");
    }

    @Test
    void shouldMakeNoRequestWhenAPromptAsksForNoSample() {
        assertThat(Request.of(TestPolicy.prompt("r-7", "1+2=", 0), 5)).isEmpty();
    }
}
