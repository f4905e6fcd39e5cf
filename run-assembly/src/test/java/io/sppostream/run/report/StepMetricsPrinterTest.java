package io.sppostream.run.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.TrainingStep;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StepMetricsPrinterTest {
    private static TrainingStep step(String line, Map<String, Double> metrics) {
        return TrainingStep.newBuilder()
                .setLine(line)
                .setStep(1)
                .setFromVersion(0)
                .setToVersion(1)
                .setFromSha256("")
                .setToSha256("")
                .setSamples(List.of())
                .setSamplesTrained(1)
                .setConsumed(List.of())
                .setConfigurationSha256("")
                .setMetrics(metrics)
                .setStartedAt(Instant.EPOCH)
                .setEndedAt(Instant.EPOCH)
                .build();
    }

    private static String printed(TrainingStep... records) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StepMetricsPrinter.print(List.of(records), new PrintStream(out, true, UTF_8));
        return out.toString(UTF_8);
    }

    @Test
    void shouldPrintPolicyAndCriticSideBySide() {
        String table = printed(
                step("critic", Map.of("loss", 0.5, "unknown", 2.0)),
                step("policy", Map.of("loss", -1.25e-7, "response_tokens", 1536.0, "reward_mean/a\u001b[31m", 0.25)));

        assertThat(table.lines().map(line -> line.replaceAll(" +", " ")))
                .startsWith("", "metric policy critic unit")
                .contains("response_tokens 1536 tokens", "loss -1.25000e-07 0.500000 nats or reward^2", "unknown 2");
        assertThat(table).doesNotContain("\u001b");
        assertThat(table.indexOf("reward_mean/a"))
                .isLessThan(table.indexOf("loss"))
                .isPositive();
    }

    @Test
    void shouldPrintNothingWithoutRecords() {
        assertThat(printed()).isEmpty();
    }
}
