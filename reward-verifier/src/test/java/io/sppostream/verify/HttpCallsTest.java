package io.sppostream.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP protocol, with a service in this process. */
class HttpCallsTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ConcurrentLinkedQueue<String> questions = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> authorizations = new ConcurrentLinkedQueue<>();
    private volatile String answer = "[]";
    private volatile int status = 200;
    private volatile long promised = -1;
    private HttpServer server;
    private HttpCalls calls;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/judge", this::answer);
        server.start();
        calls = new HttpCalls(new HttpService(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/judge"),
                "Bearer s3cret",
                Map.of("rubric", "strict")));
    }

    private void answer(HttpExchange exchange) throws IOException {
        questions.add(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
        authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        byte[] body = answer.getBytes(UTF_8);
        exchange.sendResponseHeaders(status, promised < 0 ? body.length : promised);
        exchange.getResponseBody().write(body);
        exchange.getResponseBody().flush();
        if (promised < 0) {
            exchange.close();
        }
    }

    @AfterEach
    void stop() {
        calls.close();
        server.stop(0);
        threads.shutdownNow();
    }

    private static Rollout rollout(String requestId) {
        return Rollouts.of(requestId, "addition", "4\"2", "42", FinishReason.STOP);
    }

    private List<Judgement> ask(String... requestIds) throws Exception {
        List<Rollout> batch =
                List.of(requestIds).stream().map(HttpCallsTest::rollout).toList();
        return calls.at(batch, LONG).get(30, SECONDS);
    }

    @Test
    void shouldReadJudgementsInAnyOrderWhenABatchIsPosted() throws Exception {
        answer = """
                [{"rolloutId": "r-2/0", "status": "INCORRECT", "reward": 0.5, "extracted": null, "rule": "half"},
                 {"rolloutId": "r-1/0", "status": "CORRECT", "reward": 1, "extracted": "42", "rule": "equal"},
                 {"rolloutId": "r-3/0", "status": "UNPARSEABLE_REFERENCE", "reward": null, "rule": "syntax"}]
                """;

        assertThat(ask("r-1", "r-2", "r-3"))
                .containsExactly(
                        Judgement.correct("42", "equal"),
                        new Judgement(VerdictStatus.INCORRECT, 0.5, null, "half"),
                        Judgement.notJudged(VerdictStatus.UNPARSEABLE_REFERENCE, "syntax"));
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(questions.remove()).get(0)).isEqualTo(json.readTree("""
                {"rolloutId": "r-1/0", "prompt": [{"role": "user", "content": "12+30="}], "response": "4\\"2",
                 "reference": "42", "dataset": "addition", "settings": {"rubric": "strict"}}
                """));
        assertThat(authorizations).containsExactly("Bearer s3cret");
    }

    @Test
    void shouldNotReadABodyThatIsVeryLong() throws Exception {
        answer = "[" + " ".repeat(HttpCalls.mostBytes(1)) + "]";
        assertThat(ask("r-1")).containsExactly(Judgement.notJudged(VerdictStatus.INFRA_ERROR, "body-too-long"));
    }

    @Test
    void shouldCutLongTextWithAMark() throws Exception {
        answer = "[{\"rolloutId\": \"r-1/0\", \"status\": \"CORRECT\", \"reward\": 1, \"extracted\": \""
                + "4".repeat(9_000) + "\", \"rule\": \"" + "r".repeat(9_000) + "\"}]";
        assertThat(ask("r-1")).singleElement().satisfies(judgement -> {
            assertThat(judgement.status()).isEqualTo(VerdictStatus.CORRECT);
            assertThat(judgement.extracted())
                    .endsWith("4... [truncated, 9000 characters]")
                    .hasSizeLessThan(1_050);
            assertThat(judgement.rule())
                    .endsWith("r... [truncated, 9000 characters]")
                    .hasSizeLessThan(250);
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "503 | [] | http-503",
                "404 | [] | http-404",
                "200 | no JSON | no-json",
                "200 | [] | no-answer",
                "200 | {} | no-answer",
                "200 | 7 | no-answer",
                "200 | [{\"rolloutId\": \"r-1/0\"}] | bad-answer",
                "200 | [{\"rolloutId\": \"r-1/0\", \"status\": \"GOOD\", \"reward\": 1}] | bad-answer",
                "200 | [{\"rolloutId\": \"r-1/0\", \"status\": \"CORRECT\"}] | bad-answer",
                "200 | [{\"rolloutId\": \"r-1/0\", \"status\": \"CORRECT\", \"reward\": 7}] | bad-answer",
                "200 | [{\"rolloutId\": \"r-1/0\", \"status\": \"TIMEOUT\", \"reward\": 0}] | bad-answer",
            })
    void shouldReportAnInfrastructureErrorWhenTheResponseIsUnusable(int code, String body, String rule)
            throws Exception {
        status = code;
        answer = body;

        assertThat(ask("r-1")).containsExactly(Judgement.notJudged(VerdictStatus.INFRA_ERROR, rule));
    }

    @Test
    void shouldTimeOutWhenTheBodyNeverArrives() throws Exception {
        promised = 1_000;

        assertThat(calls.at(List.of(rollout("r-1")), Duration.ofMillis(300)).get(30, SECONDS))
                .containsExactly(Judgement.notJudged(VerdictStatus.TIMEOUT, "timeout"));
    }

    @Test
    void shouldReportAnInfrastructureErrorWhenNothingListens() throws Exception {
        server.stop(0);

        assertThat(ask("r-1", "r-2"))
                .containsOnly(Judgement.notJudged(VerdictStatus.INFRA_ERROR, "threw-ConnectException"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://host/judge", "judge", "http:/judge"})
    void shouldRefuseAUrlWhenItIsNotOfAnHttpService(String url) {
        assertThatThrownBy(() -> new HttpService(URI.create(url), null, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(url);
    }

    @Test
    void shouldHideTheSecretWhenPrinted() {
        assertThat(new HttpService(URI.create("http://host/judge"), "s3cret", Map.of()))
                .asString()
                .doesNotContain("s3cret");
    }
}
